using System.Net;
using System.Security.Cryptography;
using System.Text;
using Portcullis.Gateway.Backends.Host.Lfs;
using Portcullis.Gateway.Backends.Host.Maintenance;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Git.Lfs;
using Portcullis.Git.Names;
using Portcullis.Tests.Gateway.Lfs;
using Portcullis.Tests.Gateway.Live;
using GitProgram = Portcullis.Tests.Git.GitProgram;

namespace Portcullis.Tests.Gateway.Maintenance;

/// <summary>Git LFS objects go when nothing points to them any more, and not before.</summary>
public sealed class UnreferencedLfsObjectTests : IAsyncLifetime
{
    private static readonly RepositoryPath Repository = RepositoryPath.Parse("acme/app");
    private static readonly TimeSpan s_long = TimeSpan.FromDays(15);

    private GatewayServer server = null!;
    private string directory = "";

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await GatewayServer.StartAsync();
        directory = await server.CreateRepositoryAsync(Repository.Value);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task What_nothing_points_to_goes_after_two_weeks_with_who_brought_it()
    {
        var old = await StoreAsync("old", s_long);
        var young = await StoreAsync("young", TimeSpan.FromDays(13));

        Assert.Equal(1, await MaintainAsync());

        Assert.Null(Folder.SizeOf(old));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(directory, "lfs"), old + "*", SearchOption.AllDirectories));
        Assert.Equal(5, Folder.SizeOf(young));
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 3\n")]
    [InlineData("version https://git-lfs.github.com/spec/v1\next-0-case sha256:0123456789012345678901234567890123456789012345678901234567890123\noid sha256:{oid}\nsize 3\n")]
    [InlineData("version http://git-media.io/v/2\r\noid sha256:{oid}\r\nsize 3\r\n")]
    [InlineData("  {OID}  ")]
    public async Task What_any_ref_names_stays_however_it_is_written(string pointer)
    {
        var id = await StoreAsync("old", s_long);
        Push("refs/heads/kept", pointer.Replace("{oid}", id.ToString(), StringComparison.Ordinal).Replace("{OID}", id.ToString().ToUpperInvariant(), StringComparison.Ordinal));

        Assert.Equal(0, await MaintainAsync());
        Assert.Equal(3, Folder.SizeOf(id));
    }

    [Fact]
    public async Task What_git_itself_still_keeps_keeps_its_objects()
    {
        // A branch that was deleted today: git keeps its objects for two weeks, so that it can be brought back, and with it what they point to.
        var id = await StoreAsync("old", s_long);
        Push("refs/heads/gone", $"version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 3\n");
        GitProgram.RunText(directory, "update-ref", "-d", "refs/heads/gone");
        Assert.Equal(0, await MaintainAsync());
        Assert.Equal(3, Folder.SizeOf(id));

        // And two weeks later.
        GitProgram.RunText(directory, "gc", "--quiet", "--prune=now");
        Assert.Equal(1, await MaintainAsync());
    }

    [Fact]
    public async Task What_somebody_is_about_to_push_a_pointer_to_stays()
    {
        // git-lfs asks before it brings what is here already, and then pushes the pointer without bringing it again.
        var content = "old"u8.ToArray();
        var id = await StoreAsync("old", s_long);
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push"));
        Assert.Equal(HttpStatusCode.OK, (await client.UploadAsync("refs/heads/main", (id.ToString(), content))).Status);

        Assert.Equal(0, await MaintainAsync());
        Assert.Equal(3, Folder.SizeOf(id));
    }

    [Fact]
    public async Task What_is_renewed_in_the_last_moment_goes_back()
    {
        var id = await StoreAsync("old", s_long);
        var limit = TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(14);
        Assert.True(Folder.TryRenew(id, TimeProvider.System.GetUtcNow()));

        Assert.False(Folder.Remove(id, limit));
        Assert.Equal(3, Folder.SizeOf(id));
    }

    [Fact]
    public async Task A_repository_that_can_not_be_read_whole_loses_nothing()
    {
        var id = await StoreAsync("old", s_long);
        Push("refs/heads/main", "small\n");
        var blob = GitProgram.RunText(directory, "rev-parse", "main:file");
        var file = Path.Combine(directory, "objects", blob[..2], blob[2..]);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllBytesAsync(file, new byte[20], Ended);

        await Assert.ThrowsAsync<GitFailedException>(MaintainAsync);
        await Assert.ThrowsAsync<GitFailedException>(() => server.Service<UnreferencedObjects>().RemoveAsync(Folder, directory, Ended));
        Assert.Equal(3, Folder.SizeOf(id));
    }

    private LfsFolder Folder => server.Service<LfsFolders>().Of(Repository, directory);

    private async Task<int> MaintainAsync() => (await server.Service<RepositoryMaintenance>().MaintainAsync(Repository, Ended))!.LfsObjectsRemoved;

    private async Task<LfsObjectId> StoreAsync(string text, TimeSpan age)
    {
        var content = Encoding.UTF8.GetBytes(text);
        var oid = Convert.ToHexStringLower(SHA256.HashData(content));
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push"));
        Assert.Equal(HttpStatusCode.OK, (await client.UploadAsync("refs/heads/main", (oid, content))).Status);
        Assert.True(LfsObjectId.TryParse(oid, out var id));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(directory, "lfs"), oid + "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, (TimeProvider.System.GetUtcNow() - age).UtcDateTime);
        }

        Assert.Equal(content.Length, Folder.SizeOf(id));
        return id;
    }

    private void Push(string reference, string content)
    {
        var work = Directory.CreateTempSubdirectory("portcullis-unreferenced-").FullName;
        try
        {
            GitProgram.RunText(null, "init", "--quiet", work);
            File.WriteAllText(Path.Combine(work, "file"), content);
            GitProgram.RunText(work, "-c", "core.autocrlf=false", "add", "file");
            GitProgram.RunText(work, "commit", "--quiet", "-m", "file");
            GitProgram.RunText(work, "push", "--quiet", directory, "HEAD:" + reference);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }
}
