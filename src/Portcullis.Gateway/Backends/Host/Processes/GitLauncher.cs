namespace Portcullis.Gateway.Backends.Host.Processes;

/// <summary>
/// The one place that starts a program: git, found once, always in the same clean environment, with constant flags and
/// <c>--</c> before operands.
/// </summary>
/// <remarks>
/// Nothing of the server's own environment reaches git but <c>PATH</c> and <c>GNUPGHOME</c>. System and user
/// configuration are not read; <see cref="GitConfigurationFile"/> gives the defaults that a repository's own
/// <c>config</c> may change, and <see cref="GitInvocation.Configuration"/> what it may not.
/// </remarks>
internal sealed class GitLauncher
{
    private readonly string program;
    private readonly string[] baseEnvironment;
    private readonly TimeProvider time;
    private int running;
    private long started;

    /// <summary>Makes a launcher.</summary>
    /// <param name="program">Absolute path of git.</param>
    /// <param name="configurationFile">Path of the file that takes the place of the user's configuration.</param>
    /// <param name="homeDirectory">An empty directory of our own that programs find as <c>HOME</c>.</param>
    /// <param name="time">The clock.</param>
    public GitLauncher(string program, string configurationFile, string homeDirectory, TimeProvider time)
    {
        this.program = program;
        this.time = time;
        ConfigurationFile = configurationFile;
        HomeDirectory = homeDirectory;
        List<string> environment =
        [
            "PATH=" + (Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin"),
            "HOME=" + homeDirectory,
            "LC_ALL=C",
            "GIT_CONFIG_NOSYSTEM=1",
            "GIT_CONFIG_GLOBAL=" + configurationFile,
            "GIT_TERMINAL_PROMPT=0",
        ];
        if (Environment.GetEnvironmentVariable("GNUPGHOME") is { Length: > 0 } keyring)
        {
            environment.Add("GNUPGHOME=" + keyring);
        }

        baseEnvironment = [.. environment];
    }

    /// <summary>Absolute path of git.</summary>
    public string Program => program;

    /// <summary>The file that takes the place of the user's configuration.</summary>
    public string ConfigurationFile { get; }

    /// <summary>What git finds as <c>HOME</c>.</summary>
    public string HomeDirectory { get; }

    /// <summary>A program that does nothing, for git to start where the answer of another one is not needed; null where there is none.</summary>
    public string? DoNothingProgram { get; init; }

    /// <summary>How many git processes run now.</summary>
    public int Running => Volatile.Read(ref running);

    /// <summary>How many git processes were ever started.</summary>
    public long Started => Volatile.Read(ref started);

    /// <summary>Starts git.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">git could not be started.</exception>
    public GitProcess Start(GitInvocation invocation)
    {
        Interlocked.Increment(ref running);
        Interlocked.Increment(ref started);
        try
        {
            return GitProcess.Start(Command(invocation), time, () => Interlocked.Decrement(ref running));
        }
        catch
        {
            Interlocked.Decrement(ref running);
            throw;
        }
    }

    /// <summary>Runs git to its end and returns what it wrote, if that stays within <paramref name="maxOutputBytes"/>.</summary>
    /// <exception cref="GitFailedException">git ended with another exit code than 0, or wrote more than allowed.</exception>
    public async Task<byte[]> RunAsync(
        GitInvocation invocation, ReadOnlyMemory<byte> input, int maxOutputBytes, CancellationToken cancellationToken)
    {
        await using var process = Start(invocation);
        var feeding = FeedAsync(process, input, cancellationToken);
        using var output = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await process.Output.ReceiveAsync(buffer, cancellationToken)) > 0)
        {
            if (output.Length + read > maxOutputBytes)
            {
                throw new GitFailedException(invocation.Subcommand, null, "its output is larger than expected");
            }

            output.Write(buffer, 0, read);
        }

        await feeding;
        var exitCode = await process.WaitAsync();
        return exitCode == 0
            ? output.ToArray()
            : throw new GitFailedException(invocation.Subcommand, exitCode, await process.ErrorTextAsync());
    }

    internal static async Task FeedAsync(GitProcess process, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            while (!input.IsEmpty)
            {
                input = input[await process.Input.SendAsync(input, cancellationToken)..];
            }
        }
        catch (Exception exception) when (exception is System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // git ended without reading all; its exit code says why.
        }

        process.CloseInput();
    }

    private GitCommand Command(GitInvocation invocation)
    {
        var environment = new List<string>(baseEnvironment.Length + invocation.Environment.Count + (2 * invocation.Configuration.Count) + 1);
        environment.AddRange(baseEnvironment);
        environment.AddRange(invocation.Environment);
        if (invocation.Configuration.Count > 0)
        {
            // In the environment and not as -c, so that no value is an argument (git-config(1), GIT_CONFIG_COUNT).
            environment.Add("GIT_CONFIG_COUNT=" + invocation.Configuration.Count);
            for (var index = 0; index < invocation.Configuration.Count; index++)
            {
                var (key, value) = invocation.Configuration[index];
                environment.Add($"GIT_CONFIG_KEY_{index}={key}");
                environment.Add($"GIT_CONFIG_VALUE_{index}={value}");
            }
        }

        return new GitCommand
        {
            Program = program,
            Arguments = ["git", invocation.Subcommand, .. invocation.Arguments],
            Environment = environment,
            Directory = invocation.Directory,
            WithControl = invocation.WithControl,
            EndsWithItsInput = invocation.EndsWithItsInput,
            HasLowPriority = invocation.HasLowPriority,
        };
    }
}
