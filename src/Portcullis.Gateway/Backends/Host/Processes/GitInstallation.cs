namespace Portcullis.Gateway.Backends.Host.Processes;

/// <summary>Finds git and prepares what it needs to run cleanly.</summary>
internal static class GitInstallation
{
    /// <summary>Makes the launcher, and writes the files that it points git at.</summary>
    /// <exception cref="FileNotFoundException">There is no git.</exception>
    public static GitLauncher Prepare(GatewayOptions options, TimeProvider time)
    {
        var program = options.GitProgram ?? Find("git")
            ?? throw new FileNotFoundException("git was not found in PATH. Install it (Debian: apt-get install git), or name it in repositories.git.");
        var run = Path.GetFullPath(options.RunDirectory);
        var home = Path.Combine(run, "home");
        Directory.CreateDirectory(home);
        var configuration = Path.Combine(run, "gitconfig");
        GitConfigurationFile.Write(configuration, Path.GetFullPath(options.OperatorGitConfiguration));
        return new GitLauncher(program, configuration, home, time) { DoNothingProgram = Find("true") };
    }

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);
}
