using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Attacks;

/// <summary>Addresses that are none of Git's, that lead out of the root, or that say one thing here and another there.</summary>
public sealed class RequestTargets(Shared<HostSite> shared) : RawRequests(shared.Site), IClassFixture<Shared<HostSite>>
{
    /// <summary>A request target, and the statuses that refuse it. The token opens everything, so that only the parser stands in the way.</summary>
    public static TheoryData<string, int[]> Targets => new()
    {
        { "GET /../etc/passwd/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/../../etc/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /%2e%2e/%2e%2e/etc/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team%2fapp.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/app.git%2finfo%2frefs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET //team//app.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team\\app.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/%5capp.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/app%00.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /-team/app.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /--upload-pack=id/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /oauth/token.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /metrics/app.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/app.git.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/app.git/app.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/.app/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/app.lock/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/app;x/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/$(id)/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /caf%C3%A9/app.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 404] },
        { "GET /team/app.git/info/refs?service=git%2dupload%2dpack HTTP/1.1", [400, 403, 404] },
        { "GET /team/app.git/info/refs?service=git-upload-pack&service=git-receive-pack HTTP/1.1", [400, 403, 404] },
        { "GET /team/app.git/info/refs?service=git-receive-pack%00 HTTP/1.1", [400, 403, 404] },
        { "GET /team/app.git/info/refs?service=upload-pack HTTP/1.1", [400, 403, 404] },
        { "GET /team/app.git/info/refs?service=git-upload-archive HTTP/1.1", [400, 403, 404] },
        { "GET /team/app.git/info/refs?x=1&service=git-upload-pack HTTP/1.1", [400, 403, 404] },
        { "GET /team/app.git/info/refs HTTP/1.1", [400, 403, 404] },
        { "GET /team/app.git/HEAD HTTP/1.1", [403, 404] },
        { "GET /team/app.git/config HTTP/1.1", [403, 404] },
        { "GET /team/app.git/objects/info/packs HTTP/1.1", [403, 404] },
        { "GET /team/app.git/objects/12/3456789012345678901234567890123456789012 HTTP/1.1", [403, 404] },
        { "GET /team/app.git/packed-refs HTTP/1.1", [403, 404] },
        { "GET /team/app.git/git-upload-pack HTTP/1.1", [405] },
        { "POST /team/app.git/info/refs?service=git-upload-pack HTTP/1.1", [405] },
        { "PUT /team/app.git/info/refs HTTP/1.1", [403, 404, 405] },
        { "PROPFIND /team/app.git/ HTTP/1.1", [403, 404, 405] },
        { "MKCOL /team/app.git/refs HTTP/1.1", [403, 404, 405] },
        { "LOCK /team/app.git/info/refs HTTP/1.1", [403, 404, 405] },
        { "TRACE /team/app.git/info/refs?service=git-upload-pack HTTP/1.1", [400, 403, 404, 405] },
        { "DELETE /team/app.git HTTP/1.1", [403, 404, 405] },
        { "GET / HTTP/1.1", [403, 404] },
        { "OPTIONS * HTTP/1.1", [400, 404, 405] },
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Refuses_a_target_that_is_no_request_of_git(string requestLine, int[] statuses)
    {
        var token = await Host.TokenAsync("mallory", Everything);

        var response = await SendAsync(requestLine.Replace("team/app", "team0/app"), [$"Authorization: Bearer {token}"]);

        Assert.NotNull(response);
        Assert.Contains(response.Status, statuses);
        Assert.DoesNotContain("root:", response.Text);
        Assert.DoesNotContain("   at ", response.Text);
        Assert.True(response.Body.Length < 4096, "a refusal is short");
    }

    [Fact]
    public async Task Refuses_an_overlong_target()
    {
        var token = await Host.TokenAsync("mallory", Everything);

        var response = await SendAsync($"GET /team/{new string('a', 300)}.git/info/refs?service=git-upload-pack HTTP/1.1", [$"Authorization: Bearer {token}"]);
        Assert.Contains(response!.Status, (int[])[400, 404, 414]);

        response = await SendAsync($"GET /team/{new string('a', 20_000)} HTTP/1.1", [$"Authorization: Bearer {token}"]);
        Assert.Contains(response!.Status, (int[])[400, 414]);
    }

    [Fact]
    public async Task A_symbolic_link_that_leaves_the_root_is_no_repository()
    {
        // The attack: whoever can place a link below the root reads any repository of the machine through it (git-http-backend follows it).
        var outside = Host.NewFolder();
        await Host.NewGit().OutputAsync(outside, "init", "--quiet", "--bare", ".");
        var name = Host.NewRepositoryName("linked");
        var link = Host.Server.RepositoryFolder(name);
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        Directory.CreateSymbolicLink(link, outside);

        var response = await DiscoverAsync(name, "git-upload-pack");

        Assert.Equal(404, response.Status);
    }

    [Fact]
    public async Task A_service_that_differs_from_the_path_does_not_choose_the_check()
    {
        // The attack: a reader asks for one service in the query and posts to the other (gitolite's read-only bypass).
        var repository = await Host.SeededRepositoryAsync();
        var reader = await Host.TokenAsync("reader", "git:*:pull");
        var before = await Host.RefsAsync(repository);

        foreach (var target in (string[])[$"/{repository}.git/git-receive-pack?service=git-upload-pack", $"/{repository}.git/git-receive-pack"])
        {
            var response = await SendAsync(
                $"POST {target} HTTP/1.1", [$"Authorization: Bearer {reader}", "Content-Type: application/x-git-receive-pack-request"], "0000"u8.ToArray());
            Assert.Contains(response!.Status, (int[])[400, 403, 404]);
        }

        var advertised = await SendAsync($"GET /{repository}.git/info/refs?service=git-receive-pack HTTP/1.1", [$"Authorization: Bearer {reader}"]);
        Assert.Equal(403, advertised!.Status);
        Assert.Equal(before, await Host.RefsAsync(repository));
    }
}
