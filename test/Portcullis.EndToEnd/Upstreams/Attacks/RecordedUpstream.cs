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
        foreach (var repository in (string[])["acme/app", "acme/renamed"])
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

        await File.WriteAllTextAsync(Path.Combine(folder, "policy.yaml"), "rules:\n  - { repositories: [ \"near/acme/app\" ], refs: [ \"refs/heads/main\" ], deny: [ force, delete ] }\n");
        Server = await PortcullisServer.StartAsync(folder, $$"""
            upstreams:
              - { match: "near/*", url: "{{Near.Url}}", credential: { kind: github, secretFile: near } }
              - { match: "other/*", url: "{{Other.Url}}", credential: { kind: bearer, secretFile: other } }
            """);
        Token = await Server.TokenAsync("mallory", "git:*:pull,push,force,delete");
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Near.DisposeAsync();
        await Other.DisposeAsync();
        _folder.Dispose();
    }

    // Names have no case here, as at GitHub; acme/former is acme/renamed now.
    private async Task AnswerAsync(RawExchange exchange)
    {
        var request = exchange.Request;
        if (request.Path.StartsWith("/acme/former.git", StringComparison.OrdinalIgnoreCase))
        {
            await exchange.AnswerAsync("301 Moved Permanently", $"Location: {request.Target.Replace("former", "renamed", StringComparison.Ordinal)}\r\n", []);
            return;
        }

        await (await RealAnswer.OfAsync(_backend, request with { Head = request.Head.Replace("/acme/APP.git", "/acme/app.git", StringComparison.Ordinal) })).SendAsync(exchange);
    }
}
