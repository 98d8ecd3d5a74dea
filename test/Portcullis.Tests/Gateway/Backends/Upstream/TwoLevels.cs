using System.Text;
using Portcullis.Gateway;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Git.Names;
using Portcullis.Tests.Gateway.Live;
using Portcullis.Tests.Git;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

/// <summary>A gateway whose repositories below <c>up/</c> are on another gateway, which opens them to a token that the first alone has.</summary>
internal sealed class TwoLevels : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("portcullis-upstream-").FullName;

    public required GatewayServer Upstream { get; init; }

    public GatewayServer Gateway { get; private set; } = null!;

    public string SecretFile => Path.Combine(folder, "secret");

    public string MirrorsFolder => Path.Combine(Gateway.Folder, "mirrors");

    public string QuarantineFolder => Directory.CreateDirectory(Path.Combine(Gateway.Folder, "run", "quarantine")).FullName;

    public static async Task<TwoLevels> StartAsync(
        string upstreamScope = "git:*:pull,push,force,delete",
        Func<UpstreamDefinition, UpstreamDefinition>? change = null,
        Func<GatewayOptions, GatewayOptions>? options = null)
    {
        var levels = new TwoLevels { Upstream = await GatewayServer.StartAsync() };
        await File.WriteAllTextAsync(levels.SecretFile, levels.Upstream.Token(upstreamScope, "gateway") + "\n");
        var definition = new UpstreamDefinition
        {
            Match = RepositoryPattern.Parse("up/*"),
            Url = levels.Upstream.Address,
            Credential = new BearerCredentialDefinition(new SecretLocation(levels.SecretFile, null)),
        };
        levels.Gateway = await GatewayServer.StartAsync(defaults =>
        {
            var all = defaults with { Upstreams = [change?.Invoke(definition) ?? definition] };
            return options?.Invoke(all) ?? all;
        });
        return levels;
    }

    /// <summary>A repository at the upstream with a commit on main and on topic. Gives a clone of it made directly.</summary>
    public async Task<string> SeedAsync(string name)
    {
        var directory = await Upstream.CreateRepositoryAsync(name);
        var clone = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        GitProgram.RunText(null, "clone", "--quiet", directory, clone);
        Commit(clone, "one.txt");
        GitProgram.RunText(clone, "push", "--quiet", "origin", "HEAD:refs/heads/main", "HEAD:refs/heads/topic");
        return clone;
    }

    public static string Commit(string clone, string file)
    {
        File.WriteAllText(Path.Combine(clone, file), file);
        GitProgram.RunText(clone, "add", file);
        GitProgram.RunText(clone, "commit", "--quiet", "-m", file);
        return GitProgram.RunText(clone, "rev-parse", "HEAD");
    }

    public string Refs(string name) => GitProgram.RunText(Path.Combine(Upstream.Folder, "repositories", name + ".git"), "for-each-ref");

    /// <summary>A clone made through the gateway.</summary>
    public string Clone(string scope, string name = "up/acme/app")
    {
        var clone = NewFolder();
        var cloned = Gateway.Git(Gateway.Token(scope), null, "clone", "--quiet", Gateway.Url(name), clone);
        Assert.True(cloned.ExitCode == 0, cloned.Error);
        return clone;
    }

    /// <summary>The folder of the only mirror.</summary>
    public string Mirror() => Assert.Single(Directory.GetDirectories(MirrorsFolder));

    /// <summary>Pushes bytes of the test's own making. Gives the answer's text.</summary>
    public async Task<string> PushAsync(string scope, string command, byte[] pack, string name = "up/acme/app")
    {
        using var content = new ByteArrayContent([.. Encoding.Latin1.GetBytes($"{command.Length + 5:x4}{command}\n0000"), .. pack]);
        content.Headers.ContentType = new("application/x-git-receive-pack-request");
        var answer = await Gateway.Client(Gateway.Token(scope)).PostAsync($"/{name}.git/git-receive-pack", content, TestContext.Current.CancellationToken);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    public string NewFolder() => Path.Combine(folder, Guid.NewGuid().ToString("N"));

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Upstream.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
