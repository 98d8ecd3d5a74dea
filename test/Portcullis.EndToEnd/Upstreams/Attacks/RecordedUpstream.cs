using Portcullis.EndToEnd.Harness;
using Portcullis.EndToEnd.Upstreams.BrokenPeers;

namespace Portcullis.EndToEnd.Upstreams.Attacks;

/// <summary>The real program in front of servers that work, and that keep every byte which reached them.</summary>
public sealed class RecordedUpstream : IAsyncLifetime
{
    public const string Secret = "secret-of-near-0123456789";
    public const string OtherSecret = "secret-of-other-0123456789";

    private readonly TemporaryFolder _folder = new();
    private readonly GitHttpBackend _backend;

    public RecordedUpstream()
    {
        _backend = new GitHttpBackend(_folder.Make("repositories"), new Git(_folder["home"]));
        Near = RawPeer.Start(AnswerAsync);
        Other = RawPeer.Start(AnswerAsync);
    }

    public PortcullisServer Server { get; private set; } = null!;

    /// <summary>Serves <c>near/*</c>.</summary>
    public RawPeer Near { get; }

    /// <summary>Serves <c>other/*</c>, with another credential.</summary>
    public RawPeer Other { get; }

    /// <summary>Everything.</summary>
    public string Token { get; private set; } = "";

    public Git NewGit() => new(_folder[$"home-{Guid.NewGuid():N}"]);

    public string NewFolder() => _folder.Make($"work-{Guid.NewGuid():N}");

    public async ValueTask InitializeAsync()
    {
        var git = NewGit();
        var work = NewFolder();
        await git.OutputAsync(work, "init", "--quiet", ".");
        await Site.CommitAsync(git, work, "README.md", "hello\n");
        foreach (var repository in (string[])["acme/app", "acme/renamed", "acme/moved", "acme/packed"])
        {
            await _backend.CreateAsync(repository);
            await git.OutputAsync(_backend.FolderOf(repository), "config", "receive.advertisePushOptions", "true");
            await git.OutputAsync(work, "push", "--quiet", _backend.FolderOf(repository), "main");
        }

        var folder = _folder.Make("server");
        foreach (var (name, secret) in (IEnumerable<(string, string)>)[("near", Secret), ("other", OtherSecret)])
        {
            await File.WriteAllTextAsync(Path.Combine(folder, name), secret);
            File.SetUnixFileMode(Path.Combine(folder, name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "policy.yaml"), "rules:\n  - { repositories: [ \"near/acme/app\", \"near/acme/renamed\" ], refs: [ \"refs/heads/main\" ], deny: [ force, delete ] }\n");
        Server = await PortcullisServer.StartAsync(folder, $$"""
            upstreams:
              - { match: "near/*", url: "{{Near.Url}}", credential: { kind: github, secretFile: near } }
              - { match: "other/*", url: "{{Other.Url}}", credential: { kind: bearer, secretFile: other } }
            """);
        Token = await Server.TokenAsync("mallory", TimeSpan.FromMinutes(55), "git:*:pull,push,force,delete");
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Near.DisposeAsync();
        await Other.DisposeAsync();
        _folder.Dispose();
    }

    // Names have no case here, as at GitHub; acme/former is acme/renamed now, acme/given-up is acme/closed, and acme/moved is served without `.git`.
    private async Task AnswerAsync(RawExchange exchange)
    {
        var target = exchange.Request.Target;
        if ((Redirect(target, "/acme/former.git/", "/acme/renamed.git/") ?? Redirect(target, "/acme/given-up.git/", "/acme/closed.git/") ?? Redirect(target, "/acme/moved.git/", "/acme/moved/")) is { } location)
        {
            await exchange.AnswerAsync("301 Moved Permanently", $"Location: {location}\r\n", []);
            return;
        }

        var head = exchange.Request.Head.Replace("/acme/APP.git", "/acme/app.git", StringComparison.Ordinal).Replace("/acme/moved/", "/acme/moved.git/", StringComparison.Ordinal);
        await (await RealAnswer.OfAsync(_backend, exchange.Request with { Head = head })).SendAsync(exchange);

        static string? Redirect(string target, string from, string to) => target.StartsWith(from, StringComparison.Ordinal) ? to + target[from.Length..] : null;
    }
}
