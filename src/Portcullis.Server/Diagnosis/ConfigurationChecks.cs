using Portcullis.Server.Configuration.Policies;

namespace Portcullis.Server.Diagnosis;

/// <summary>The configuration and the policy.</summary>
internal static class ConfigurationChecks
{
    /// <summary>The configuration, which has been read already: what is broken ends any command.</summary>
    public static IEnumerable<Finding> Configuration(Installation installation)
    {
        yield return Finding.Good("configuration", installation.Loaded.File ?? "no file: the defaults");
        foreach (var warning in installation.Loaded.Warnings)
        {
            yield return Finding.Warning("configuration", warning.ToString(), "See whether it is meant.");
        }
    }

    /// <summary>The policy.</summary>
    public static Finding Policy(Installation installation)
    {
        const string Topic = "policy";
        var path = installation.Configuration.Policy;
        if (!File.Exists(path) && !installation.Loaded.IsPolicyGiven)
        {
            return Finding.Good(Topic, $"none in {path}: tokens have what they carry themselves");
        }

        var check = PolicyFile.Check(path, path);
        return check.Problems.Count > 0 ? Finding.Wrong(Topic, $"{check.Problems.Count} mistakes, the first: {check.Problems[0]}", "See `portcullis policy check`.")
            : check.Warnings.Count > 0 ? Finding.Warning(Topic, check.Warnings[0].ToString(), "See `portcullis policy check`.")
            : Finding.Good(Topic, $"{path}: {check.Policy!.RoleNames.Count} roles, {check.Policy.Rules.Count} rules");
    }
}
