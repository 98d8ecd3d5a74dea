namespace Portcullis.EndToEnd.Harness;

/// <summary>Repositories on Portcullis's own disk, served through git.</summary>
public class HostSite : Site
{
    public override async Task CreateRepositoryAsync(string repository, string objectFormat = "sha1")
        => (await Server.CommandAsync("repo", "create", repository, "--object-format", objectFormat)).ShouldSucceed();

    public override Task<string> RefsAsync(string repository)
        => NewGit().OutputAsync(Server.RepositoryFolder(repository), "for-each-ref", "--format=%(objectname) %(refname)");

    public override async Task CheckRepositoryAsync(string repository)
        => (await NewGit().RunAsync(Server.RepositoryFolder(repository), "fsck", "--full", "--strict", "--no-dangling")).ShouldSucceed();

    protected override Task<PortcullisServer> StartAsync(string folder) => PortcullisServer.StartAsync(folder);
}
