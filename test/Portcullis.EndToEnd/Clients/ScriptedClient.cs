using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Clients;

/// <summary>A Git library, driven by a small script of test/clients: <c>SCRIPT clone|fetch|push URL FOLDER [SOURCE:TARGET]</c>.</summary>
public sealed class ScriptedClient(string name, string program, IReadOnlyList<string> arguments, IReadOnlyList<string> check, params TokenSentAs[] ways) : GitClient(name)
{
    public override IReadOnlyList<TokenSentAs> Ways => ways;

    public override async Task<string?> MissingAsync()
    {
        if (!File.Exists(program))
        {
            return $"{program} is not here: ./test.sh installs it";
        }

        var result = await Shell.RunAsync(program, check, Path.Combine(Source.Root, "test", "clients", "isomorphic-git"), new Dictionary<string, string>());
        return result.ExitCode == 0 ? null : $"{Name} is not here: ./test.sh installs it";
    }

    public override Task<CommandResult> CloneAsync(ClientRun run) => RunAsync(run, "clone");

    public override Task<CommandResult> FetchAsync(ClientRun run) => RunAsync(run, "fetch");

    public override Task<CommandResult> PushAsync(ClientRun run, string source, string target) => RunAsync(run, "push", $"{source}:{target}");

    private Task<CommandResult> RunAsync(ClientRun run, string operation, params string[] more)
        => Shell.RunAsync(program, [.. arguments, operation, run.Url, run.Folder, .. more], Path.GetDirectoryName(run.Folder)!, new Dictionary<string, string>
        {
            ["HOME"] = run.Home,
            ["PORTCULLIS_TOKEN"] = run.Token,
            ["PORTCULLIS_TOKEN_AS"] = run.Way == TokenSentAs.Bearer ? "bearer" : "password",
        });
}
