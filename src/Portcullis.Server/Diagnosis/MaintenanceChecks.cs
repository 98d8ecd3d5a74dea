using Portcullis.Gateway.Backends.Host.Maintenance;
using Portcullis.Gateway.Backends.Host.Repositories;

namespace Portcullis.Server.Diagnosis;

/// <summary>Whether repositories are in the order in which they are served fastest.</summary>
internal static class MaintenanceChecks
{
    private const int MaxNamed = 3;

    /// <summary>The repositories that lack something.</summary>
    public static Finding Repositories(Installation installation)
    {
        const string Topic = "maintenance";
        try
        {
            installation.MakeDirectories();
            var maintenance = RepositoryMaintenance.Open(installation.GatewayOptions, installation.TimeProvider);
            var all = RepositoryStore.Open(installation.GatewayOptions, installation.TimeProvider).List();
            var needy = all.Select(repository => (Path: repository, Needs: maintenance.Examine(repository))).Where(found => found.Needs != MaintenanceNeeds.None).ToList();
            return needy.Count == 0
                ? Finding.Good(Topic, all.Count == 1 ? "the repository is in order" : $"{all.Count} repositories are in order")
                : Finding.Warning(
                    Topic,
                    $"{needy.Count} of {all.Count} repositories are slower than they need be: {string.Join("; ", needy.Take(MaxNamed).Select(found => $"{found.Path} ({Words(found.Needs)})"))}{(needy.Count > MaxNamed ? "; …" : "")}.",
                    "portcullis repo maintain --all");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Finding.Warning(Topic, exception.Message, "See what git says of itself above, and who may read the repositories.");
        }
    }

    /// <summary>What is lacking, in words.</summary>
    public static string Words(MaintenanceNeeds needs)
    {
        List<string> words = [];
        foreach (var (need, word) in new[]
        {
            (MaintenanceNeeds.Bitmap, "no bitmap"), (MaintenanceNeeds.CommitGraph, "no commit-graph"), (MaintenanceNeeds.Packs, "many packs"),
            (MaintenanceNeeds.LooseObjects, "many loose objects"), (MaintenanceNeeds.LooseRefs, "many loose refs"),
        })
        {
            if (needs.HasFlag(need))
            {
                words.Add(word);
            }
        }

        return string.Join(", ", words);
    }
}
