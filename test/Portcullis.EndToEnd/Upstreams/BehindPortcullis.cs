using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams;

/// <summary>A gateway in front of another Portcullis, which opens its repositories to a token that the first alone has.</summary>
public sealed class BehindPortcullis : Site
{
    private PortcullisServer _upstream = null!;

    public override string UnprovedMove => "move";

    public override async Task CreateRepositoryAsync(string repository, string objectFormat = "sha1")
        => (await _upstream.CommandAsync("repo", "create", repository, "--object-format", objectFormat)).ShouldSucceed();

    public override Task<string> RefsAsync(string repository)
        => NewGit().OutputAsync(_upstream.RepositoryFolder(repository), "for-each-ref", "--format=%(objectname) %(refname)");

    public override async Task CheckRepositoryAsync(string repository)
        => (await NewGit().RunAsync(_upstream.RepositoryFolder(repository), "fsck", "--full", "--strict", "--no-dangling")).ShouldSucceed();

    public override async ValueTask DisposeAsync()
    {
        await _upstream.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override async Task<PortcullisServer> StartAsync(string folder)
    {
        _upstream = await PortcullisServer.StartAsync(Folder.Make("upstream"));
        var token = await _upstream.TokenAsync("gateway", TimeSpan.FromMinutes(55), "git:*:pull,push,force,delete,init");
        await File.WriteAllTextAsync(Path.Combine(folder, "upstream-token"), token + "\n");
        return await PortcullisServer.StartAsync(folder, $$"""
            upstreams:
              - match: "*"
                url: "{{_upstream.Url}}"
                credential: { kind: bearer, secretFile: ./upstream-token }
            """);
    }
}
