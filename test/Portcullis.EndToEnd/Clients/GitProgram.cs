using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Clients;

/// <summary>git itself, of some version.</summary>
public sealed class GitProgram(string name, Func<string?> program) : GitClient(name)
{
    public override Task<string?> MissingAsync() => Task.FromResult(program() is null ? $"{Name} is not here: ./test.sh fetches it" : null);

    public override Task<CommandResult> CloneAsync(ClientRun run) => Git(run).RunAsync(Path.GetDirectoryName(run.Folder)!, "clone", "--quiet", run.Url, run.Folder);

    public override Task<CommandResult> FetchAsync(ClientRun run) => Git(run).RunAsync(run.Folder, "fetch", "origin");

    public override Task<CommandResult> PushAsync(ClientRun run, string source, string target) => Git(run).RunAsync(run.Folder, "push", "origin", $"{source}:{target}");

    private Git Git(ClientRun run)
    {
        var git = new Git(run.Home, program()!);
        return run.Way == TokenSentAs.Bearer ? git.WithBearer(run.Token) : git.WithPassword(run.Token);
    }
}
