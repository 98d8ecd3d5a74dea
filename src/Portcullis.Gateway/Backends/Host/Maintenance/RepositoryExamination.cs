namespace Portcullis.Gateway.Backends.Host.Maintenance;

/// <summary>Looks at a repository's folders, and starts nothing.</summary>
internal static class RepositoryExamination
{
    // Below this neither a bitmap nor a commit-graph can be felt.
    private const long SmallPackBytes = 1 << 20;
    private const int ManyPacks = 20;
    private const int ManyLooseRefs = 1000;

    // Loose objects are spread evenly over 256 folders; git, too, looks into this one (builtin/gc.c, too_many_loose_objects).
    private const string SampledFolder = "17";
    private const int ManySampledObjects = 8;

    /// <summary>What the repository lacks.</summary>
    public static MaintenanceNeeds Examine(string directory)
    {
        var objects = Path.Combine(directory, "objects");
        var packs = Files(Path.Combine(objects, "pack"));
        var sizes = packs.Where(file => file.Extension == ".pack").Select(file => file.Length).ToList();
        var needs = MaintenanceNeeds.None;
        if (sizes.Sum() > SmallPackBytes)
        {
            needs |= packs.Exists(file => file.Extension == ".bitmap") ? 0 : MaintenanceNeeds.Bitmap;
            needs |= Path.Exists(Path.Combine(objects, "info", "commit-graph")) || Path.Exists(Path.Combine(objects, "info", "commit-graphs", "commit-graph-chain"))
                ? 0
                : MaintenanceNeeds.CommitGraph;
        }

        needs |= sizes.Count > ManyPacks ? MaintenanceNeeds.Packs : 0;
        needs |= Files(Path.Combine(objects, SampledFolder)).Count >= ManySampledObjects ? MaintenanceNeeds.LooseObjects : 0;
        needs |= HasManyFiles(Path.Combine(directory, "refs")) ? MaintenanceNeeds.LooseRefs : 0;
        return needs;
    }

    private static List<FileInfo> Files(string folder)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFiles()];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static bool HasManyFiles(string folder)
    {
        try
        {
            return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Skip(ManyLooseRefs).Any();
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
    }
}
