using Portcullis.Gateway;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Git;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Gateway.Repositories;

/// <summary>A repository is found where it is, and a link never leads out of the root.</summary>
public sealed class RepositoryStoreTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("portcullis-store-").FullName;
    private string root = null!;
    private RepositoryStore store = null!;

    public async ValueTask InitializeAsync()
    {
        root = Path.Combine(folder, "root");
        store = Open(root);
        Assert.True(await store.CreateAsync(RepositoryPath.Parse("acme/app"), ObjectFormat.Sha1, TestContext.Current.CancellationToken));
        Assert.True(await Open(Path.Combine(folder, "elsewhere")).CreateAsync(RepositoryPath.Parse("secret"), ObjectFormat.Sha1, TestContext.Current.CancellationToken));
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void A_repository_is_where_its_path_says()
    {
        Assert.Equal(Path.Combine(root, "acme", "app.git"), Locate("acme/app"));
        Assert.Null(Locate("acme/other"));
        Assert.Null(Locate("app"));
    }

    [Fact]
    public void A_link_to_another_place_within_the_root_is_followed()
    {
        Directory.CreateSymbolicLink(Path.Combine(root, "alias.git"), Path.Combine(root, "acme", "app.git"));
        Directory.CreateSymbolicLink(Path.Combine(root, "team"), "acme");
        Directory.CreateSymbolicLink(Path.Combine(root, "back"), Path.Combine("acme", "..", "team"));
        Assert.NotNull(Locate("alias"));
        Assert.NotNull(Locate("team/app"));
        Assert.NotNull(Locate("back/app"));
    }

    [Fact]
    public void A_link_out_of_the_root_is_not_followed_at_any_level()
    {
        Directory.CreateSymbolicLink(Path.Combine(root, "acme", "secret.git"), Path.Combine(folder, "elsewhere", "secret.git"));
        Directory.CreateSymbolicLink(Path.Combine(root, "outside"), Path.Combine(folder, "elsewhere"));
        Directory.CreateSymbolicLink(Path.Combine(root, "relative.git"), Path.Combine("..", "elsewhere", "secret.git"));
        Directory.CreateSymbolicLink(Path.Combine(root, "twice.git"), Path.Combine(root, "outside", "secret.git"));
        Assert.Null(Locate("acme/secret"));
        Assert.Null(Locate("outside/secret"));
        Assert.Null(Locate("relative"));
        Assert.Null(Locate("twice"));
    }

    [Fact]
    public void Links_in_a_circle_are_no_repository()
    {
        Directory.CreateSymbolicLink(Path.Combine(root, "one.git"), Path.Combine(root, "two.git"));
        Directory.CreateSymbolicLink(Path.Combine(root, "two.git"), Path.Combine(root, "one.git"));
        Assert.Null(Locate("one"));
    }

    [Fact]
    public async Task No_repository_is_made_behind_a_link_out_of_the_root()
    {
        Directory.CreateSymbolicLink(Path.Combine(root, "outside"), Path.Combine(folder, "elsewhere"));
        Assert.False(await store.CreateAsync(RepositoryPath.Parse("outside/new/app"), ObjectFormat.Sha1, TestContext.Current.CancellationToken));
        Assert.False(Path.Exists(Path.Combine(folder, "elsewhere", "new")));
    }

    [Fact]
    public void A_root_that_is_a_link_itself_is_served()
    {
        var link = Path.Combine(folder, "link");
        Directory.CreateSymbolicLink(link, root);
        Assert.Equal(Path.Combine(link, "acme", "app.git"), Open(link).Locate(RepositoryPath.Parse("acme/app")));
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("objects")]
    public void What_lacks_a_part_of_a_repository_is_none(string part)
    {
        var path = Path.Combine(root, "acme", "app.git", part);
        if (part == "HEAD")
        {
            File.Delete(path);
        }
        else
        {
            Directory.Delete(path, recursive: true);
        }

        Assert.Null(Locate("acme/app"));
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("objects")]
    [InlineData("link")]
    public async Task What_was_a_repository_and_is_none_any_more_is_not_found(string change)
    {
        var path = Path.Combine(root, "acme", "app.git");
        for (var isSettled = false; !isSettled;)
        {
            using var found = store.TryOpen(RepositoryPath.Parse("acme/app"));
            isSettled = found!.IsSettled;
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.Equal(path, Locate("acme/app"));
        switch (change)
        {
            case "HEAD":
                File.Delete(Path.Combine(path, "HEAD"));
                break;
            case "objects":
                Directory.Delete(Path.Combine(path, "objects"), recursive: true);
                break;
            default:
                // The same directory, but out of the root: only a link leads to it.
                Directory.Move(Path.Combine(root, "acme"), Path.Combine(folder, "moved"));
                Directory.CreateSymbolicLink(Path.Combine(root, "acme"), Path.Combine(folder, "moved"));
                break;
        }

        Assert.Null(Locate("acme/app"));
    }

    private string? Locate(string path) => store.Locate(RepositoryPath.Parse(path));

    private RepositoryStore Open(string directory) => RepositoryStore.Open(
        new GatewayOptions
        {
            PublicUrl = "https://git.example.com",
            TokenEndpoint = "https://git.example.com/oauth/token",
            RepositoriesRoot = directory,
            RunDirectory = folder,
            OperatorGitConfiguration = Path.Combine(folder, "operator"),
        },
        TimeProvider.System);
}
