using System.CommandLine;
using Portcullis.Authority.Keys;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Git.Names;
using Portcullis.Server.Demo;
using Portcullis.Server.Hosting;
using Portcullis.Tokens.Minting;
using Spectre.Console;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis demo</c>.</summary>
internal static class DemoCommand
{
    private const string Repository = "acme/app";
    private static readonly TimeSpan s_lifetime = TimeSpan.FromHours(1);
    private static readonly string[] s_alicesPermissions = [$"git:{Repository}:pull", $"git:{Repository}@refs/heads/alice/*:push"];

    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        var folder = new Option<string>("--folder") { Description = "Where the demo keeps its things.", HelpName = "FOLDER", DefaultValueFactory = _ => "./portcullis-demo" };
        var port = new Option<int?>("--port") { Description = $"The port to listen on. Default: {DemoFolder.UsualPort}, or another one where that is taken.", HelpName = "PORT" };
        var command = new DocumentedCommand(
            "demo", "Start a server with a repository, a user and a token, and print lines to paste into another terminal.",
            "portcullis demo", "portcullis demo --folder /tmp/demo --port 7090")
        {
            folder, port,
        };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var demo = new DemoFolder(Path.GetFullPath(parseResult.GetValue(folder)!));
            var wanted = parseResult.GetValue(port);
            var chosen = DemoFolder.ChoosePort(wanted);
            if (wanted is null && chosen != DemoFolder.UsualPort)
            {
                terminal.Output.WriteLine($"port {DemoFolder.UsualPort} is taken: using {chosen}");
            }

            demo.Write($"http://127.0.0.1:{chosen}");
            var installation = Installation.Load(demo.ConfigurationFile, terminal.TimeProvider);
            await using var server = await ServerHost.StartAsync(installation, terminal, cancellationToken);
            await FillAsync(installation, server.SigningKeys, cancellationToken);
            demo.WriteToken(Mint(installation, server.SigningKeys, "alice", s_lifetime, s_alicesPermissions));
            Explain(terminal, installation, demo);
            using var stopRenewing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var renewing = RenewAsync(installation, server.SigningKeys, demo, stopRenewing.Token);
            await server.WaitForShutdownAsync(cancellationToken);
            await stopRenewing.CancelAsync();
            await renewing;
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task FillAsync(Installation installation, KeyRing keys, CancellationToken cancellationToken)
    {
        var store = RepositoryStore.Open(installation.GatewayOptions, installation.TimeProvider);
        if (store.Locate(RepositoryPath.Parse(Repository)) is null)
        {
            var token = Mint(installation, keys, "demo", TimeSpan.FromMinutes(1), $"git:{Repository}:pull,push,init");
            await DemoPush.PushAsync($"{installation.Issuer}/{Repository}.git", token, cancellationToken);
        }
    }

    private static string Mint(Installation installation, KeyRing keys, string subject, TimeSpan lifetime, params string[] permissions)
    {
        var minted = new TokenMinter(installation.Issuer, () => keys.GetSigningKey(), installation.TimeProvider).Mint(new TokenRequest
        {
            Subject = subject,
            Audiences = [installation.Issuer],
            Lifetime = lifetime,
            Scope = string.Join(' ', permissions),
        });
        return minted.Token ?? throw new CommandFailedException(minted.Problem!);
    }

    /// <summary>Tokens are short-lived, and a demo may run for a day: the file always holds one that is good for a while.</summary>
    private static async Task RenewAsync(Installation installation, KeyRing keys, DemoFolder demo, CancellationToken cancellationToken)
    {
        try
        {
            using var timer = new PeriodicTimer(s_lifetime / 3, installation.TimeProvider);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                demo.WriteToken(Mint(installation, keys, "alice", s_lifetime, s_alicesPermissions));
            }
        }
        catch (OperationCanceledException)
        {
            // The demo ends.
        }
    }

    private static void Explain(CommandTerminal terminal, Installation installation, DemoFolder demo)
    {
        var url = installation.Issuer;
        void Paste(string line) => terminal.Styled.WriteLine("    " + line, new Style(Color.Green));
        void Say(string line) => terminal.Output.WriteLine(line);
        Say("");
        Say($"Alice's token is in {demo.TokenFile}: valid for an hour, renewed while this runs. It says:");
        foreach (var permission in s_alicesPermissions)
        {
            Say($"    {permission}");
        }

        Say("");
        Say("Paste into another terminal, in any folder:");
        Say("");
        Say("  1. a clone that works");
        Paste($"git clone -c include.path={Shell(demo.GitConfiguration)} {url}/{Repository}.git && cd app");
        Say("  2. a push that works");
        Paste("git switch -c hello && git commit --allow-empty -m 'Hello from Alice' && git push origin hello:alice/hello");
        Say("  3. a push that is refused");
        Paste("git push origin hello:main");
        Say("  4. the audit line of the refusal");
        Paste($"{Program()} audit show --config {Shell(demo.ConfigurationFile)} --outcome refused --last 1");
        Say("");
        Say("Ctrl+C ends the demo.");
        terminal.Output.Flush();
    }

    /// <summary>How this program was started, to be typed again.</summary>
    private static string Program()
    {
        var process = Environment.ProcessPath ?? "portcullis";
        return Path.GetFileNameWithoutExtension(process) == "dotnet"
            ? $"dotnet {Shell(Path.Combine(AppContext.BaseDirectory, "portcullis.dll"))}"
            : Shell(process);
    }

    private static string Shell(string word)
        => word.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+@%:=,".Contains(c)) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
