using System.Security.Cryptography;
using System.Text.Json;
using Portcullis.EndToEnd.Harness;
using Portcullis.EndToEnd.Upstreams;

namespace Portcullis.EndToEnd.Lfs;

/// <summary>The real git-lfs, through the same helper, tokens and permissions as Git.</summary>
public abstract class LargeFiles(Site site)
{
    [Theory]
    [InlineData("password")]
    [InlineData("bearer")]
    public async Task Objects_are_pushed_and_cloned(string way)
    {
        var repository = await NewRepositoryAsync();
        var token = await site.TokenAsync("alice", $"git:{repository}:pull,push");
        var git = await NewGitAsync();
        git = way == "bearer" ? git.WithBearer(token) : git.WithPassword(token);
        var work = site.NewFolder();
        await git.OutputAsync(work, "init", "--quiet", ".");
        await git.OutputAsync(work, "lfs", "track", "*.bin");
        var contents = await CommitBinariesAsync(git, work, 3);
        await git.OutputAsync(work, "remote", "add", "origin", Url(repository));

        (await git.RunAsync(work, "push", "origin", "main")).ShouldSucceed();

        var clone = site.NewFolder();
        (await git.RunAsync(clone, "clone", "--quiet", Url(repository), ".")).ShouldSucceed();
        foreach (var (name, content) in contents)
        {
            Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(clone, name)));
        }

        (await git.RunAsync(clone, "lfs", "fsck")).ShouldSucceed();
        var uploads = await site.Server.Audit.WaitForAsync(repository, "lfs-upload", "allowed");
        Assert.Equal(3, uploads.Select(line => AuditTrail.Text(line, "object")).Distinct().Count());
        Assert.All(uploads, line => Assert.Equal("alice", AuditTrail.Text(line, "subject")));
        Assert.DoesNotContain("eyJ", site.Server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_may_be_made_by_pushing_large_files_to_it()
    {
        var repository = site.NewRepositoryName("new");
        var git = (await NewGitAsync()).WithPassword(await site.TokenAsync("alice", $"git:{repository}:pull,push,init"));
        var work = await WorkAsync(git, repository, 1);
        (await git.RunAsync(work, "push", "origin", "main")).ShouldSucceed();
        (await git.RunAsync(site.NewFolder(), "clone", "--quiet", Url(repository), ".")).ShouldSucceed();
    }

    [Fact]
    public async Task A_push_that_is_refused_brings_no_object()
    {
        var repository = await NewRepositoryAsync();
        var git = (await NewGitAsync()).WithPassword(await site.TokenAsync("alice", $"git:{repository}:pull", $"git:{repository}@refs/heads/alice/*:push"));
        var work = await WorkAsync(git, repository, 1);

        var refused = (await git.RunAsync(work, "push", "origin", "main")).ShouldFail();

        Assert.Contains("alice may not", refused.Text, StringComparison.Ordinal);
        Assert.Contains($"git:{repository}@refs/heads/main:push", refused.Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(site.Server.RepositoryFolder(repository), "lfs")));
        (await git.RunAsync(work, "push", "origin", "main:alice/work")).ShouldSucceed();
    }

    [Fact]
    public async Task A_broken_off_download_is_resumed()
    {
        var repository = await NewRepositoryAsync();
        var git = (await NewGitAsync()).WithPassword(await site.TokenAsync("alice", $"git:{repository}:pull,push"));
        var work = await WorkAsync(git, repository, 1, size: 300_000);
        (await git.RunAsync(work, "push", "origin", "main")).ShouldSucceed();
        var content = await File.ReadAllBytesAsync(Path.Combine(work, "file0.bin"));
        var oid = Convert.ToHexStringLower(SHA256.HashData(content));
        var clone = site.NewFolder();
        (await git.With(("GIT_LFS_SKIP_SMUDGE", "1")).RunAsync(clone, "clone", "--quiet", Url(repository), ".")).ShouldSucceed();
        var incomplete = Directory.CreateDirectory(Path.Combine(clone, ".git", "lfs", "incomplete")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(incomplete, oid + ".part"), content[..200_000]);

        (await git.RunAsync(clone, "lfs", "pull")).ShouldSucceed();

        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(clone, "file0.bin")));
        var download = Assert.Single(await site.Server.Audit.WaitForAsync(repository, "lfs-download", "allowed"));
        Assert.Equal(("206", "100000"), (AuditTrail.Text(download, "status"), AuditTrail.Text(download, "bytesOut")));
    }

    [Fact]
    public async Task Two_people_lock_and_unlock()
    {
        var repository = await NewRepositoryAsync();
        var alice = (await NewGitAsync()).WithPassword(await site.TokenAsync("alice", $"git:{repository}:pull,push"));
        var bob = (await NewGitAsync()).WithPassword(await site.TokenAsync("bob", $"git:{repository}:pull,push"));
        var chief = (await NewGitAsync()).WithPassword(await site.TokenAsync("chief", $"git:{repository}:pull,push,force"));
        var aliceWork = await WorkAsync(alice, repository, 1);
        (await alice.RunAsync(aliceWork, "push", "--set-upstream", "origin", "main")).ShouldSucceed();
        var (bobWork, chiefWork) = (site.NewFolder(), site.NewFolder());
        (await bob.RunAsync(bobWork, "clone", "--quiet", Url(repository), ".")).ShouldSucceed();
        (await chief.RunAsync(chiefWork, "clone", "--quiet", Url(repository), ".")).ShouldSucceed();

        (await alice.RunAsync(aliceWork, "lfs", "lock", "file0.bin")).ShouldSucceed();
        Assert.Contains("alice", (await bob.RunAsync(bobWork, "lfs", "locks")).ShouldSucceed().Output, StringComparison.Ordinal);
        Assert.Contains("locked already, by alice", (await bob.RunAsync(bobWork, "lfs", "lock", "file0.bin")).ShouldFail().Text, StringComparison.Ordinal);
        Assert.Contains("alice's", (await bob.RunAsync(bobWork, "lfs", "unlock", "--force", "file0.bin")).ShouldFail().Text, StringComparison.Ordinal);

        // And a push that touches the file is held back by git-lfs.
        await File.WriteAllTextAsync(Path.Combine(bobWork, "file0.bin"), "another hero");
        await bob.OutputAsync(bobWork, "commit", "--quiet", "-am", "change");
        await bob.OutputAsync(bobWork, "config", $"lfs.{Url(repository)}/info/lfs.locksverify", "true");
        Assert.Contains("file0.bin", (await bob.RunAsync(bobWork, "push", "origin", "main")).ShouldFail().Text, StringComparison.Ordinal);

        (await chief.RunAsync(chiefWork, "lfs", "unlock", "--force", "file0.bin")).ShouldSucceed();
        (await bob.RunAsync(bobWork, "push", "origin", "main")).ShouldSucceed();
        (await bob.RunAsync(bobWork, "lfs", "lock", "file0.bin")).ShouldSucceed();
        (await bob.RunAsync(bobWork, "lfs", "unlock", "file0.bin")).ShouldSucceed();
    }

    [Fact]
    public async Task An_agent_with_a_branch_of_its_own_works_and_sees_nothing_else()
    {
        var repository = await NewRepositoryAsync();
        var owner = (await NewGitAsync()).WithPassword(await site.TokenAsync("owner", $"git:{repository}:pull,push"));
        var work = await WorkAsync(owner, repository, 1);
        (await owner.RunAsync(work, "push", "origin", "main")).ShouldSucceed();
        await owner.OutputAsync(work, "checkout", "--quiet", "-b", "secret");
        await File.WriteAllTextAsync(Path.Combine(work, "secret.bin"), "the secret");
        await owner.OutputAsync(work, "add", "secret.bin");
        await owner.OutputAsync(work, "commit", "--quiet", "-m", "secret");
        (await owner.RunAsync(work, "push", "origin", "secret")).ShouldSucceed();
        var pointer = await owner.OutputAsync(work, "cat-file", "blob", "HEAD:secret.bin");

        var agent = (await NewGitAsync()).WithPassword(
            await site.TokenAsync("agent", $"git:{repository}@refs/heads/main:pull", $"git:{repository}@refs/heads/agent/*:pull,push"));
        var clone = site.NewFolder();
        (await agent.RunAsync(clone, "clone", "--quiet", Url(repository), ".")).ShouldSucceed();
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(work, "file0.bin")), await File.ReadAllBytesAsync(Path.Combine(clone, "file0.bin")));
        await File.WriteAllTextAsync(Path.Combine(clone, "drawn.bin"), "by the agent");
        await agent.OutputAsync(clone, "add", "drawn.bin");
        await agent.OutputAsync(clone, "commit", "--quiet", "-m", "drawn");
        (await agent.RunAsync(clone, "push", "origin", "HEAD:agent/work")).ShouldSucceed();

        // A pointer whose object it never had.
        await File.WriteAllTextAsync(Path.Combine(clone, "stolen.bin"), pointer + "\n");
        await agent.OutputAsync(clone, "add", "stolen.bin");
        await agent.OutputAsync(clone, "commit", "--quiet", "-m", "stolen");
        var refused = (await agent.RunAsync(clone, "push", "--no-verify", "origin", "HEAD:agent/work")).ShouldFail();
        Assert.Contains("Git LFS objects that you have not uploaded", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_object_goes_through_in_little_memory()
    {
        const int Size = 96 << 20;
        var repository = await NewRepositoryAsync();
        var token = await site.TokenAsync("alice", $"git:{repository}:pull,push");
        var content = new byte[Size];
        Random.Shared.NextBytes(content.AsSpan(0, 1 << 20));
        var oid = Convert.ToHexStringLower(SHA256.HashData(content));
        using var client = new HttpClient { BaseAddress = site.Server.Uri };
        var before = PeakMemory();
        var upload = await BatchAsync(client, token, repository, oid, Size);
        Assert.Equal(200, (int)(await FollowAsync(client, HttpMethod.Put, upload, new ByteArrayContent(content))).StatusCode);
        var download = await BatchAsync(client, token, repository, oid, Size, "download");
        using var response = await FollowAsync(client, HttpMethod.Get, download);
        Assert.Equal(oid, Convert.ToHexStringLower(await SHA256.HashDataAsync(await response.Content.ReadAsStreamAsync())));
        Assert.InRange(PeakMemory() - before, 0, 48 << 20);
    }

    private static Task<HttpResponseMessage> FollowAsync(HttpClient client, HttpMethod method, JsonElement action, HttpContent? content = null)
    {
        var request = new HttpRequestMessage(method, action.GetProperty("href").GetString()) { Content = content };
        request.Headers.Add("Portcullis-Transfer", action.GetProperty("header").GetProperty("Portcullis-Transfer").GetString());
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<JsonElement> BatchAsync(HttpClient client, string token, string repository, string oid, long size, string operation = "upload")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/{repository}.git/info/lfs/objects/batch")
        {
            Content = new StringContent($$"""{"operation":"{{operation}}","objects":[{"oid":"{{oid}}","size":{{size}}}]}"""),
        };
        request.Content.Headers.ContentType = new("application/vnd.git-lfs+json");
        request.Headers.Authorization = new("Bearer", token);
        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement.GetProperty("objects")[0].GetProperty("actions").GetProperty(operation).Clone();
    }

    private long PeakMemory()
    {
        var line = File.ReadLines($"/proc/{site.Server.ProcessId}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]) * 1024;
    }

    private async Task<string> NewRepositoryAsync()
    {
        var repository = site.NewRepositoryName("art");
        await site.CreateRepositoryAsync(repository);
        return repository;
    }

    private async Task<Git> NewGitAsync()
    {
        var git = site.NewGit();
        await git.OutputAsync(git.Home, "lfs", "install", "--skip-repo");
        return git;
    }

    private async Task<string> WorkAsync(Git git, string repository, int files, int size = 2000)
    {
        var work = site.NewFolder();
        await git.OutputAsync(work, "init", "--quiet", ".");
        await git.OutputAsync(work, "lfs", "track", "*.bin");
        await CommitBinariesAsync(git, work, files, size);
        await git.OutputAsync(work, "remote", "add", "origin", Url(repository));
        return work;
    }

    private static async Task<Dictionary<string, byte[]>> CommitBinariesAsync(Git git, string work, int files, int size = 2000)
    {
        var contents = new Dictionary<string, byte[]>();
        for (var number = 0; number < files; number++)
        {
            var content = new byte[size + number];
            Random.Shared.NextBytes(content);
            contents[$"file{number}.bin"] = content;
            await File.WriteAllBytesAsync(Path.Combine(work, $"file{number}.bin"), content);
        }

        await git.OutputAsync(work, "add", ".");
        await git.OutputAsync(work, "commit", "--quiet", "-m", "Add files");
        return contents;
    }

    private string Url(string repository) => $"{site.Url}/{repository}.git";
}

/// <summary>With the objects on Portcullis's own disk.</summary>
public sealed class LargeFilesOnHost(HostSite site) : LargeFiles(site), IClassFixture<HostSite>;

/// <summary>With the objects at a Git server elsewhere: another Portcullis, whose credential the first alone has.</summary>
public sealed class LargeFilesOnUpstream(BehindPortcullis site) : LargeFiles(site), IClassFixture<BehindPortcullis>;
