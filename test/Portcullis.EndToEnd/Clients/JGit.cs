using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Clients;

/// <summary>Debian's jgit: the token comes from .netrc.</summary>
public sealed class JGit() : GitClient("JGit")
{
    // Debian's package leaves these out of the class path that its own program needs.
    private static readonly string s_classPath = string.Join(':', new[]
    {
        "org.eclipse.jgit.lfs", "org.eclipse.jgit.http.apache", "gson", "httpclient", "httpcore", "commons-logging", "slf4j-nop",
    }.Select(name => $"/usr/share/java/{name}.jar"));

    public override IReadOnlyList<TokenSentAs> Ways => [TokenSentAs.Password];

    public override Task<string?> MissingAsync() => Task.FromResult(File.Exists("/usr/bin/jgit") ? null : "jgit-cli is not here: ./test.sh installs it");

    public override Task<CommandResult> CloneAsync(ClientRun run) => RunAsync(run, Path.GetDirectoryName(run.Folder)!, "clone", run.Url, run.Folder);

    public override Task<CommandResult> FetchAsync(ClientRun run) => RunAsync(run, run.Folder, "fetch", "origin");

    public override Task<CommandResult> PushAsync(ClientRun run, string source, string target) => RunAsync(run, run.Folder, "push", "origin", $"{source}:{target}");

    private static async Task<CommandResult> RunAsync(ClientRun run, string folder, params string[] arguments)
    {
        Directory.CreateDirectory(run.Home);
        await File.WriteAllTextAsync(Path.Combine(run.Home, ".netrc"), $"machine {new Uri(run.Url).Host} login alice password {run.Token}\n");
        var result = await Shell.RunAsync("/usr/bin/jgit", arguments, folder, new Dictionary<string, string>
        {
            ["HOME"] = run.Home,
            ["JAVA_TOOL_OPTIONS"] = $"-Duser.home={run.Home}",
            ["JGIT_CLASSPATH"] = s_classPath,
            ["LC_ALL"] = "C.UTF-8",
        });

        // jgit 4.11 ends with 0 when the server refuses a ref, or everything.
        var failed = result.ExitCode == 0 && (result.Text.Contains("[remote rejected]", StringComparison.Ordinal) || result.Text.Contains("fatal:", StringComparison.Ordinal));
        return failed ? result with { ExitCode = 1 } : result;
    }
}
