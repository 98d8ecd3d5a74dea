using Portcullis.EndToEnd.Clients;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Conformance;

/// <summary>All of smart HTTP, as git uses it.</summary>
public abstract class Protocol(Site site)
{
    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Every_protocol_version_clones_fetches_and_pushes(string version)
    {
        var repository = await site.SeededRepositoryAsync();
        var git = (await OwnerAsync()).WithConfig("protocol.version", version);
        var clone = await CloneAsync(git, repository);

        Assert.Equal("content 3", await git.OutputAsync(clone, "cat-file", "blob", "HEAD:file3.txt"));
        Assert.Contains("refs/tags/v1", await git.OutputAsync(clone, "for-each-ref"));
        var commit = await Site.CommitAsync(git, clone, "next.txt", "next\n");
        (await git.RunAsync(clone, "push", "origin", "main")).ShouldSucceed();

        var other = await CloneAsync(git, repository);
        Assert.Equal(commit, await git.OutputAsync(other, "rev-parse", "HEAD"));
        Assert.Contains("HEAD branch: main", await git.OutputAsync(clone, "remote", "show", "origin"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2")]
    public async Task A_shallow_clone_can_be_deepened(string version)
    {
        var repository = await site.SeededRepositoryAsync();
        var git = (await OwnerAsync()).WithConfig("protocol.version", version);
        var clone = await CloneAsync(git, repository, "--depth=1");
        Assert.Equal("1", await git.OutputAsync(clone, "rev-list", "--count", "HEAD"));

        (await git.RunAsync(clone, "fetch", "--deepen=1")).ShouldSucceed();
        Assert.Equal("2", await git.OutputAsync(clone, "rev-list", "--count", "HEAD"));
        (await git.RunAsync(clone, "fetch", "--unshallow")).ShouldSucceed();
        Assert.Equal("3", await git.OutputAsync(clone, "rev-list", "--count", "HEAD"));
    }

    [Fact]
    public async Task A_shallow_clone_can_push()
    {
        var repository = await site.SeededRepositoryAsync();
        var git = await OwnerAsync();
        var clone = await CloneAsync(git, repository, "--depth=1");
        var commit = await Site.CommitAsync(git, clone, "shallow.txt", "from a shallow clone\n");

        (await git.RunAsync(clone, "push", "origin", "main")).ShouldSucceed();

        Assert.Contains($"{commit} refs/heads/main", await site.RefsAsync(repository));
        await site.CheckRepositoryAsync(repository);
    }

    [Theory]
    [InlineData("--shallow-exclude=light")]
    [InlineData("--shallow-since=2020-01-01")]
    public async Task A_clone_can_be_cut_by_ref_and_by_date(string option)
    {
        var repository = await site.SeededRepositoryAsync();
        var git = await OwnerAsync();
        var work = site.NewFolder();

        // `light` is on main's tip: everything below it is cut away, so only the topic branch has something left.
        (await git.RunAsync(work, "clone", "--quiet", "--branch=alice/topic", "--single-branch", option, Url(repository), "clone")).ShouldSucceed();

        Assert.Equal(option.Contains("exclude") ? "1" : "4", await git.OutputAsync(Path.Combine(work, "clone"), "rev-list", "--count", "HEAD"));
    }

    [Fact]
    public async Task A_partial_clone_fetches_what_it_lacks_when_it_needs_it()
    {
        var repository = await site.SeededRepositoryAsync();
        var git = await OwnerAsync();
        var clone = await CloneAsync(git, repository, "--filter=blob:none", "--no-checkout");
        Assert.Contains("?", await git.OutputAsync(clone, "rev-list", "--objects", "--missing=print", "HEAD"));

        Assert.Equal("content 1", await git.OutputAsync(clone, "cat-file", "blob", "HEAD:file1.txt"));
    }

    [Fact]
    public async Task An_atomic_push_of_several_refs_is_done_whole()
    {
        var repository = await site.SeededRepositoryAsync();
        var git = await OwnerAsync();
        var clone = await CloneAsync(git, repository);
        await Site.CommitAsync(git, clone, "next.txt", "next\n");

        (await git.RunAsync(clone, "push", "--atomic", "origin", "main", "main:refs/heads/second", "main:refs/tags/t1", ":refs/tags/light")).ShouldSucceed();

        var refs = await site.RefsAsync(repository);
        Assert.Contains("refs/heads/second", refs);
        Assert.Contains("refs/tags/t1", refs);
        Assert.DoesNotContain("refs/tags/light", refs);
    }

    [Fact]
    public async Task A_push_larger_than_gits_buffer_goes_by_probe_and_chunks()
    {
        var repository = await site.SeededRepositoryAsync();
        var git = (await OwnerAsync()).WithConfig("http.postBuffer", "65536");
        var clone = await CloneAsync(git, repository);
        var bytes = new byte[3_000_000];
        Random.Shared.NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(clone, "large.bin"), bytes);
        await git.OutputAsync(clone, "add", "large.bin");
        await git.OutputAsync(clone, "commit", "--quiet", "-m", "large");

        var pushed = (await git.With(("GIT_TRACE_CURL", "1"), ("GIT_TRACE_CURL_NO_DATA", "1")).RunAsync(clone, "push", "origin", "main")).ShouldSucceed();

        Assert.Contains("Content-Length: 4", pushed.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Transfer-Encoding: chunked", pushed.Text, StringComparison.OrdinalIgnoreCase);
        await site.CheckRepositoryAsync(repository);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(await CloneAsync(git, repository), "large.bin")));
    }

    [Fact]
    public async Task A_large_negotiation_arrives_as_gzip()
    {
        var repository = await site.SeededRepositoryAsync();
        var git = await OwnerAsync();
        var clone = await CloneAsync(git, repository);

        // Many commits that the server has not, so that the request has many have-lines.
        var stream = string.Concat(Enumerable.Range(0, 400).Select(i =>
            $"commit refs/heads/local{i % 50}\ncommitter A <a@example.com> {1_760_000_000 + i} +0000\ndata 2\nx\n\n"));
        (await git.RunWithInputAsync(clone, stream, "fast-import", "--quiet")).ShouldSucceed();
        var other = await CloneAsync(git, repository);
        await Site.CommitAsync(git, other, "other.txt", "other\n");
        (await git.RunAsync(other, "push", "--quiet", "origin", "main")).ShouldSucceed();

        var fetched = (await git.With(("GIT_TRACE_CURL", "1"), ("GIT_TRACE_CURL_NO_DATA", "1")).RunAsync(clone, "fetch", "origin")).ShouldSucceed();

        Assert.Contains("Content-Encoding: gzip", fetched.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Expect_100_continue_is_answered_before_the_body_is_sent()
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("owner", "git:*:pull,push,force,delete");
        var body = "0014command=ls-refs\n0016object-format=sha100010000"u8.ToArray();
        string[] headers =
        [
            $"Authorization: Bearer {token}", "Content-Type: application/x-git-upload-pack-request", "Git-Protocol: version=2", "Expect: 100-continue",
        ];

        var response = await RawHttp.SendAsync(site.Server.Uri, $"POST /{repository}.git/git-upload-pack HTTP/1.1", headers, body);

        Assert.Equal(200, response!.Status);
        Assert.Contains("refs/heads/main", response.Text);
    }

    [Fact]
    public async Task Sha256_repositories_work_the_same()
    {
        var repository = await site.SeededRepositoryAsync("sha256");
        var git = await OwnerAsync();
        var clone = await CloneAsync(git, repository);
        Assert.Equal(64, (await git.OutputAsync(clone, "rev-parse", "HEAD")).Length);

        var commit = await Site.CommitAsync(git, clone, "next.txt", "next\n");
        (await git.RunAsync(clone, "push", "origin", "main")).ShouldSucceed();

        Assert.Contains($"{commit} refs/heads/main", await site.RefsAsync(repository));
        await site.CheckRepositoryAsync(repository);
    }

    [Fact]
    public async Task The_newer_git_works_the_same()
    {
        Assert.SkipWhen(AllClients.NewerGit is null, "the newer git is not here: ./test.sh fetches it");
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("owner", "git:*:pull,push,force,delete");
        var git = site.NewGit(AllClients.NewerGit).WithPassword(token);
        var work = site.NewFolder();

        (await git.RunAsync(work, "clone", "--quiet", "--ref-format=reftable", Url(repository), "clone")).ShouldSucceed();
        var clone = Path.Combine(work, "clone");
        var commit = await Site.CommitAsync(git, clone, "next.txt", "next\n");
        (await git.RunAsync(clone, "push", "origin", "main")).ShouldSucceed();

        Assert.Contains($"{commit} refs/heads/main", await site.RefsAsync(repository));
    }

    private string Url(string repository) => $"{site.Url}/{repository}.git";

    private async Task<Git> OwnerAsync() => site.NewGit().WithBearer(await site.TokenAsync("owner", "git:*:pull,push,force,delete"));

    private async Task<string> CloneAsync(Git git, string repository, params string[] options)
    {
        var work = site.NewFolder();
        (await git.RunAsync(work, ["clone", "--quiet", .. options, Url(repository), "clone"])).ShouldSucceed();
        return Path.Combine(work, "clone");
    }
}
