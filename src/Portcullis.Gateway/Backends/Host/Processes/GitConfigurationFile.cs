namespace Portcullis.Gateway.Backends.Host.Processes;

/// <summary>
/// The configuration file that stands where git looks for the user's: the server's defaults, which a repository's own
/// <c>config</c> can change.
/// </summary>
internal static class GitConfigurationFile
{
    /// <summary>Writes the file, which includes the operator's <paramref name="operatorFile"/> where that exists.</summary>
    public static void Write(string path, string operatorFile)
    {
        var text = $"""
            # Written at each start. Defaults of the server: a repository's own config may change them, and so may
            # {operatorFile}
            [safe]
            	directory = *
            [init]
            	defaultBranch = main
            [core]
            	logAllRefUpdates = true
            [receive]
            	fsckObjects = true
            	advertisePushOptions = true
            	autogc = true
            [uploadpack]
            	allowFilter = true
            [uploadpackfilter "sparse:oid"]
            	allow = false
            [gc]
            	autoDetach = true
            [include]
            	path = {Quote(operatorFile)}

            """;
        var temporary = path + "." + Environment.ProcessId;
        File.WriteAllText(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }

    private static string Quote(string path) =>
        "\"" + path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
