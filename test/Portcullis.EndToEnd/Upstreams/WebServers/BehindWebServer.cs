using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.WebServers;

/// <summary>A gateway in front of a web server that serves all of its repositories.</summary>
public abstract class BehindWebServer : Site
{
    private WebServer _upstream = null!;

    public override bool MakesRepositoriesByPush => false;

    public override string UnprovedMove => "move";

    public override async Task CreateRepositoryAsync(string repository, string objectFormat = "sha1")
    {
        var git = NewGit();
        var folder = RepositoryFolder(repository);
        await git.OutputAsync(_upstream.Repositories, "init", "--quiet", "--bare", $"--object-format={objectFormat}", folder);
        await git.OutputAsync(folder, "config", "uploadpack.allowFilter", "true");
        await git.OutputAsync(folder, "config", "receive.advertisePushOptions", "true");
        (await Shell.RunAsync("chmod", ["-R", "a+rwX", folder], folder, git.Environment)).ShouldSucceed();
    }

    public override Task<string> RefsAsync(string repository)
        => NewGit().OutputAsync(RepositoryFolder(repository), "for-each-ref", "--format=%(objectname) %(refname)");

    public override async Task CheckRepositoryAsync(string repository)
        => (await NewGit().RunAsync(RepositoryFolder(repository), "fsck", "--full", "--strict", "--no-dangling")).ShouldSucceed();

    public override async ValueTask DisposeAsync()
    {
        await _upstream.DisposeAsync();
        await base.DisposeAsync();
    }

    protected abstract WebServer NewUpstream(string folder);

    protected override async Task<PortcullisServer> StartAsync(string folder)
    {
        _upstream = NewUpstream(Folder.Make("upstream"));
        await _upstream.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "upstream-password"), _upstream.Password + "\n");
        return await PortcullisServer.StartAsync(folder, $$"""
            upstreams:
              - match: "*"
                url: "{{_upstream.Url}}"
                credential: { kind: basic, userName: {{_upstream.UserName}}, secretFile: ./upstream-password }
            """);
    }

    private string RepositoryFolder(string repository) => Path.Combine(_upstream.Repositories, repository + ".git");
}

/// <summary>A gateway in front of nginx.</summary>
public sealed class BehindNginx : BehindWebServer
{
    protected override WebServer NewUpstream(string folder) => new Nginx(folder);
}

/// <summary>A gateway in front of Apache.</summary>
public sealed class BehindApache : BehindWebServer
{
    protected override WebServer NewUpstream(string folder) => new Apache(folder);
}
