using System.IO.Compression;
using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Attacks;

/// <summary>
/// Bytes that no honest client sends. Each is refused in a bounded time with a clear status, changes nothing, and tells nothing about what exists.
/// </summary>
public sealed class BadRequests(HostSite site) : IClassFixture<HostSite>
{
    private const string Everything = "git:*:pull,push,force,delete";

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
        var token = await site.TokenAsync("mallory", Everything);

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
        var token = await site.TokenAsync("mallory", Everything);

        var response = await SendAsync($"GET /team/{new string('a', 300)}.git/info/refs?service=git-upload-pack HTTP/1.1", [$"Authorization: Bearer {token}"]);
        Assert.Contains(response!.Status, (int[])[400, 404, 414]);

        response = await SendAsync($"GET /team/{new string('a', 20_000)} HTTP/1.1", [$"Authorization: Bearer {token}"]);
        Assert.Contains(response!.Status, (int[])[400, 414]);
    }

    [Fact]
    public async Task A_symbolic_link_that_leaves_the_root_is_no_repository()
    {
        // The attack: whoever can place a link below the root reads any repository of the machine through it (git-http-backend follows it).
        var outside = site.NewFolder();
        await site.NewGit().OutputAsync(outside, "init", "--quiet", "--bare", ".");
        var name = site.NewRepositoryName("linked");
        var link = site.Server.RepositoryFolder(name);
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        Directory.CreateSymbolicLink(link, outside);

        var response = await DiscoverAsync(name, "git-upload-pack");

        Assert.Equal(404, response.Status);
    }

    [Fact]
    public async Task A_service_that_differs_from_the_path_does_not_choose_the_check()
    {
        // The attack: a reader asks for one service in the query and posts to the other (gitolite's read-only bypass).
        var repository = await site.SeededRepositoryAsync();
        var reader = await site.TokenAsync("reader", "git:*:pull");
        var before = await site.RefsAsync(repository);

        foreach (var target in (string[])[$"/{repository}.git/git-receive-pack?service=git-upload-pack", $"/{repository}.git/git-receive-pack"])
        {
            var response = await SendAsync(
                $"POST {target} HTTP/1.1", [$"Authorization: Bearer {reader}", "Content-Type: application/x-git-receive-pack-request"], "0000"u8.ToArray());
            Assert.Contains(response!.Status, (int[])[400, 403, 404]);
        }

        var advertised = await SendAsync($"GET /{repository}.git/info/refs?service=git-receive-pack HTTP/1.1", [$"Authorization: Bearer {reader}"]);
        Assert.Equal(403, advertised!.Status);
        Assert.Equal(before, await site.RefsAsync(repository));
    }

    [Fact]
    public async Task Refuses_two_credentials_at_once()
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", "git:*:pull");
        var target = $"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1";
        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"alice:{token}"));

        foreach (var headers in (string[][])
        [
            [$"Authorization: Bearer {token}", $"Authorization: Bearer {token}"],
            [$"Authorization: Bearer {token}", $"Authorization: {basic}"],
            [$"Authorization: Bearer {token}, {basic}"],
            [$"Authorization: Bearer {token},Bearer {token}"],
        ])
        {
            var response = await SendAsync(target, headers);
            Assert.Contains(response!.Status, (int[])[400, 401]);
            Assert.DoesNotContain("refs/heads/main", response.Text);
        }
    }

    [Theory]
    [InlineData("Authorization: Bearer")]
    [InlineData("Authorization: Bearer ")]
    [InlineData("Authorization: Bearer a b")]
    [InlineData("Authorization: Basic")]
    [InlineData("Authorization: Basic !!!")]
    [InlineData("Authorization: Basic OnRva2Vu")]
    [InlineData("Authorization: Basic YWxpY2U=")]
    [InlineData("Authorization: Digest username=\"x\"")]
    [InlineData("Authorization: \u00e9")]
    [InlineData("Authorization:")]
    [InlineData("Cookie: token=TOKEN")]
    [InlineData("X-Access-Token: TOKEN")]
    [InlineData("Proxy-Authorization: Bearer TOKEN")]
    public async Task Refuses_a_credential_that_is_none_or_comes_another_way(string header)
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", "git:*:pull");

        var response = await SendAsync($"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1", [header.Replace("TOKEN", token)]);

        Assert.Contains(response!.Status, (int[])[400, 401]);
        Assert.DoesNotContain("refs/heads/main", response.Text);
    }

    [Theory]
    [InlineData("?access_token=TOKEN&service=git-upload-pack")]
    [InlineData("?service=git-upload-pack&access_token=TOKEN")]
    [InlineData("?service=git-upload-pack&token=TOKEN")]
    public async Task A_token_in_the_URL_opens_nothing(string query)
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", "git:*:pull");

        var response = await SendAsync($"GET /{repository}.git/info/refs{query.Replace("TOKEN", token)} HTTP/1.1", []);

        Assert.InRange(response!.Status, 400, 404);
        Assert.DoesNotContain("refs/heads/main", response.Text);
        Assert.DoesNotContain(token, site.Server.Log);
    }

    [Fact]
    public async Task Refuses_a_folded_Authorization_header()
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", "git:*:pull");
        var request = $"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: {site.Server.Uri.Authority}\r\nAuthorization: Bearer\r\n {token}\r\nConnection: close\r\n\r\n";

        var response = await RawHttp.SendBytesAsync(site.Server.Uri, Encoding.Latin1.GetBytes(request));

        Assert.Equal(400, response!.Status);
    }

    [Theory]
    [InlineData("Git-Protocol: version=2\nX-Injected: 1")]
    [InlineData("Git-Protocol: version=2\rX-Injected: 1")]
    [InlineData("Git-Protocol: version=2\0")]
    public async Task A_Git_Protocol_header_with_control_characters_is_refused(string header)
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", "git:*:pull");

        var response = await SendAsync($"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1", [$"Authorization: Bearer {token}", header]);

        // A bare line feed ends a header line (RFC 9112 §2.2), so that what follows is a header of its own; all else is malformed.
        if (header.Contains('\n'))
        {
            Assert.Contains(response!.Status, (int[])[200, 400]);
        }
        else
        {
            Assert.Equal(400, response!.Status);
        }
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-git-receive-pack-request")]
    [InlineData("application/x-git-upload-pack-result")]
    [InlineData("application/x-git-upload-pack-request; charset=utf-16")]
    [InlineData(null)]
    public async Task Refuses_a_wrong_content_type(string? contentType)
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", Everything);

        var response = await SendAsync(
            $"POST /{repository}.git/git-upload-pack HTTP/1.1",
            [$"Authorization: Bearer {token}", .. contentType is null ? (string[])[] : [$"Content-Type: {contentType}"]],
            "0000"u8.ToArray());

        Assert.Contains(response!.Status, (int[])[400, 415]);
    }

    [Theory]
    [InlineData("upload-pack", "1", "zzzz")]
    [InlineData("upload-pack", "2", "zzzz")]
    [InlineData("upload-pack", "2", "0003")]
    [InlineData("upload-pack", "2", "0x14command=ls-refs\n0000")]
    [InlineData("upload-pack", "2", " 014command=ls-refs\n0000")]
    [InlineData("upload-pack", "2", "fff5")]
    [InlineData("upload-pack", "2", "ffff")]
    [InlineData("upload-pack", "2", "0014command=ls-re")]
    [InlineData("upload-pack", "2", "0014command=ls-refs\n")]
    [InlineData("upload-pack", "2", "0014command=destroy\n0000")]
    [InlineData("upload-pack", "2", "0014command=ls-refs\n0014command=ls-refs\n0000")]
    [InlineData("upload-pack", "0", "0032want 000000000000000000000000000000000000000\n0000")]
    [InlineData("upload-pack", "0", "0032wont 0000000000000000000000000000000000000000\n0000")]
    [InlineData("receive-pack", "0", "zzzz")]
    [InlineData("receive-pack", "0", "0001")]
    [InlineData("receive-pack", "0", "0002")]
    [InlineData("receive-pack", "0", "0003")]
    [InlineData("receive-pack", "0", "0008xyz\n0000")]
    [InlineData("receive-pack", "0", "ffff")]
    [InlineData("receive-pack", "0", "0067ZERO NEW refs/heads/../x")]
    public async Task Refuses_malformed_pkt_lines(string service, string version, string body)
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", Everything);
        var before = await site.RefsAsync(repository);

        var response = await SendAsync(
            $"POST /{repository}.git/git-{service} HTTP/1.1",
            [$"Authorization: Bearer {token}", $"Content-Type: application/x-git-{service}-request", .. version == "0" ? (string[])[] : [$"Git-Protocol: version={version}"]],
            Encoding.Latin1.GetBytes(body));

        Assert.NotNull(response);
        Assert.True(response.Status is 400 or 413 || (response.Status == 200 && response.Text.Contains("ERR ", StringComparison.Ordinal)), $"{response.Head}\n{response.Text}");
        Assert.DoesNotContain("refs/heads/main", response.Text);
        Assert.DoesNotContain("   at ", response.Text);
        Assert.Equal(before, await site.RefsAsync(repository));
    }

    [Theory]
    [InlineData("refs/heads/..")]
    [InlineData("refs/heads/a..b")]
    [InlineData("refs/heads/a.lock")]
    [InlineData("refs/heads/.a")]
    [InlineData("refs/heads/a b")]
    [InlineData("refs/heads/a~1")]
    [InlineData("refs/heads/a^")]
    [InlineData("refs/heads/a:b")]
    [InlineData("refs/heads/a\\b")]
    [InlineData("refs/heads/a\u007f")]
    [InlineData("refs/heads/")]
    [InlineData("refs/heads//a")]
    [InlineData("refs/heads/@{0}")]
    [InlineData("HEAD")]
    [InlineData("config")]
    [InlineData("../../config")]
    [InlineData("main")]
    public async Task Refuses_an_invalid_ref_name_in_a_push(string name)
    {
        var repository = await site.SeededRepositoryAsync();
        var before = await site.RefsAsync(repository);
        var main = before.Split('\n').Single(line => line.EndsWith(" refs/heads/main", StringComparison.Ordinal)).Split(' ')[0];

        var response = await PushAsync(repository, Command($"{new string('0', 40)} {main} {name}") + "0000", EmptyPack);

        Assert.DoesNotContain($"ok {name}", response.Text);
        Assert.Equal(before, await site.RefsAsync(repository));
    }

    [Fact]
    public async Task Refuses_one_ref_twice_in_a_push()
    {
        var repository = await site.SeededRepositoryAsync();
        var before = await site.RefsAsync(repository);
        var main = before.Split('\n').Single(line => line.EndsWith(" refs/heads/main", StringComparison.Ordinal)).Split(' ')[0];
        var zero = new string('0', 40);

        var response = await PushAsync(repository, Command($"{zero} {main} refs/heads/x") + $"{Line($"{zero} {main} refs/heads/x")}0000", EmptyPack);

        Assert.DoesNotContain("ok refs/heads/x", response.Text);
        Assert.Equal(before, await site.RefsAsync(repository));
    }

    [Fact]
    public async Task A_hundred_thousand_commands_are_answered_in_bounded_time_and_memory()
    {
        var repository = await site.SeededRepositoryAsync();
        var before = await site.RefsAsync(repository);
        var token = await site.TokenAsync("limited", "git:*@refs/heads/limited/*:push");
        var body = new StringBuilder(Command($"{new string('0', 40)} {new string('1', 40)} refs/heads/many/0"));
        for (var i = 1; i <= 100_001; i++)
        {
            body.Append(Line($"{new string('0', 40)} {new string('1', 40)} refs/heads/many/{i}"));
        }

        var response = await SendAsync(
            $"POST /{repository}.git/git-receive-pack HTTP/1.1", [$"Authorization: Bearer {token}", "Content-Type: application/x-git-receive-pack-request"],
            [.. Encoding.ASCII.GetBytes(body.Append("0000").ToString()), .. EmptyPack]);

        Assert.NotNull(response);
        Assert.DoesNotContain("\nok ", response.Text);
        Assert.Equal(before, await site.RefsAsync(repository));
        AssertSmall();
    }

    [Fact]
    public async Task A_command_list_without_end_is_cut_off()
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", Everything);

        // 200 MB at most: the server must have answered long before.
        var sent = await SendUntilAnsweredAsync(
            $"POST /{repository}.git/git-receive-pack HTTP/1.1",
            [$"Authorization: Bearer {token}", "Content-Type: application/x-git-receive-pack-request"],
            i => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 1000).Select(j => Line($"{new string('0', 40)} {new string('1', 40)} refs/heads/{i}/{j}/{new string('n', 900)}")))),
            200);

        Assert.True(sent < 200, "the server went on reading");
        AssertSmall();
    }

    [Fact]
    public async Task A_gzip_bomb_is_cut_off()
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", Everything);
        var bomb = new MemoryStream();
        using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Line("have 1111111111111111111111111111111111111111"), 2000)));
            gzip.Write("0014command=fetch\n"u8.ToArray().AsSpan(0, 0));
            gzip.Write(Encoding.ASCII.GetBytes(Line("command=fetch") + "0001"));
            for (var i = 0; i < 5000; i++)
            {
                gzip.Write(lines);
            }
        }

        var response = await SendAsync(
            $"POST /{repository}.git/git-upload-pack HTTP/1.1",
            [$"Authorization: Bearer {token}", "Content-Type: application/x-git-upload-pack-request", "Content-Encoding: gzip", "Git-Protocol: version=2"], bomb.ToArray());

        Assert.True(response is null || response.Status is 400 or 413 || response.Text.Contains("ERR ", StringComparison.Ordinal), response?.Text);
        AssertSmall();
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip, gzip")]
    [InlineData("compress")]
    public async Task Refuses_other_encodings(string encoding)
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", Everything);

        var response = await SendAsync(
            $"POST /{repository}.git/git-upload-pack HTTP/1.1",
            [$"Authorization: Bearer {token}", "Content-Type: application/x-git-upload-pack-request", $"Content-Encoding: {encoding}"], "0000"u8.ToArray());

        Assert.Contains(response!.Status, (int[])[400, 415]);
    }

    [Fact]
    public async Task Content_length_beside_chunked_is_refused()
    {
        // The attack: two readers that disagree on where a request ends (request smuggling, RFC 9112 §6.1).
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("alice", Everything);
        var request = $"POST /{repository}.git/git-upload-pack HTTP/1.1\r\nHost: {site.Server.Uri.Authority}\r\nAuthorization: Bearer {token}\r\n"
            + "Content-Type: application/x-git-upload-pack-request\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + $"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n";

        var response = await RawHttp.SendBytesAsync(site.Server.Uri, Encoding.Latin1.GetBytes(request));

        Assert.True(response is null || response.Status >= 400, response?.Head);
        Assert.DoesNotContain("# service=", response?.Text ?? "");
    }

    [Fact]
    public async Task What_exists_can_not_be_told_from_what_does_not()
    {
        var repository = await site.SeededRepositoryAsync();
        var missing = site.NewRepositoryName("missing");
        var stranger = await site.TokenAsync("stranger", "git:elsewhere/*:pull,push");

        foreach (var headers in (string[][])[[], [$"Authorization: Bearer {stranger}"], ["Authorization: Bearer x.y.z"]])
        {
            foreach (var target in (string[])["GET /NAME.git/info/refs?service=git-upload-pack HTTP/1.1", "GET /NAME/info/refs?service=git-receive-pack HTTP/1.1", "GET /NAME.git/HEAD HTTP/1.1", "POST /NAME.git/git-upload-pack HTTP/1.1"])
            {
                var answers = new List<string>();
                foreach (var name in (string[])[repository, missing])
                {
                    var response = await SendAsync(target.Replace("NAME", name), headers, target[0] == 'P' ? "0000"u8.ToArray() : null);
                    var head = string.Join('\n', response!.Head.Split("\r\n").Where(line => !line.StartsWith("Date:", StringComparison.Ordinal) && !line.StartsWith("Content-Length:", StringComparison.Ordinal)));
                    answers.Add($"{head}\n{response.Text}".Replace(name, "NAME"));
                }

                Assert.Equal(answers[1], answers[0]);
            }
        }
    }

    [Fact]
    public async Task Every_refusal_leaves_one_line_in_the_audit()
    {
        var repository = await site.SeededRepositoryAsync();
        var token = await site.TokenAsync("eve", "git:*:pull");
        var me = $"User-Agent: refused-{Guid.NewGuid():N}";
        (string RequestLine, string[] Headers, byte[]? Body)[] requests =
        [
            ($"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1", [], null),
            ($"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1", ["Authorization: Bearer x.y.z"], null),
            ($"GET /{repository}.git/info/refs?service=git-receive-pack HTTP/1.1", [$"Authorization: Bearer {token}"], null),
            ($"GET /{repository}.git/HEAD HTTP/1.1", [$"Authorization: Bearer {token}"], null),
            ($"POST /{repository}.git/git-upload-pack HTTP/1.1", [$"Authorization: Bearer {token}", "Content-Type: text/plain"], "0000"u8.ToArray()),
            ("GET /../etc/passwd HTTP/1.1", [$"Authorization: Bearer {token}"], null),
        ];
        foreach (var (requestLine, headers, body) in requests)
        {
            await SendAsync(requestLine, [.. headers, me], body);
        }

        // Each record stands before its answer is final.
        var lines = site.Server.Audit.Read().Where(line => AuditTrail.Is(line, "userAgent", me["User-Agent: ".Length..])).ToList();
        Assert.Equal(requests.Length, lines.Count);
        Assert.All(lines, line => Assert.Equal("refused", AuditTrail.Text(line, "outcome")));
    }

    [Theory]
    [InlineData("GET /team/\0app.git/info/refs HTTP/1.1")]
    [InlineData("GET  /x HTTP/1.1")]
    [InlineData("GET /x HTTP/9.9")]
    [InlineData("G\u007fT /x HTTP/1.1")]
    public async Task What_is_not_even_HTTP_leaves_a_line_in_the_audit_too(string requestLine)
    {
        static bool IsMalformed(System.Text.Json.JsonElement line) => AuditTrail.Is(line, "reason", "http_malformed");
        var before = site.Server.Audit.Read().Count(IsMalformed);

        var response = await SendAsync(requestLine, []);

        Assert.Contains(response!.Status, (int[])[400, 505]);
        for (var deadline = Environment.TickCount64 + 10_000; site.Server.Audit.Read().Count(IsMalformed) <= before;)
        {
            Assert.True(Environment.TickCount64 < deadline, "no line was written");
            await Task.Delay(20);
        }
    }

    private static byte[] EmptyPack { get; } =
        [0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2, 0, 0, 0, 0, .. Convert.FromHexString("029d08823bd8a8eab510ad6ac75c823cfd3ed31e")];

    private static string Line(string text) => $"{Encoding.UTF8.GetByteCount(text) + 4:x4}{text}";

    private static string Command(string command) => Line(command + "\0report-status object-format=sha1");

    private Task<RawResponse?> SendAsync(string requestLine, IEnumerable<string> headers, byte[]? body = null) => RawHttp.SendAsync(site.Server.Uri, requestLine, headers, body);

    private async Task<RawResponse> DiscoverAsync(string repository, string service)
        => (await SendAsync($"GET /{repository}.git/info/refs?service={service} HTTP/1.1", [$"Authorization: Bearer {await site.TokenAsync("mallory", Everything)}"]))!;

    private async Task<RawResponse> PushAsync(string repository, string commands, byte[] pack)
        => (await SendAsync(
            $"POST /{repository}.git/git-receive-pack HTTP/1.1",
            [$"Authorization: Bearer {await site.TokenAsync("mallory", Everything)}", "Content-Type: application/x-git-receive-pack-request"],
            [.. Encoding.UTF8.GetBytes(commands), .. pack]))!;

    /// <summary>Sends a chunked body until the server answers or closes. Gives how many pieces were sent.</summary>
    private async Task<int> SendUntilAnsweredAsync(string requestLine, IEnumerable<string> headers, Func<int, byte[]> piece, int most)
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(site.Server.Uri.Host, site.Server.Uri.Port);
        await using var stream = client.GetStream();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"{requestLine}\r\nHost: x\r\n{string.Concat(headers.Select(header => header + "\r\n"))}Transfer-Encoding: chunked\r\n\r\n"), patience.Token);
        var answer = stream.ReadAsync(new byte[4096], patience.Token).AsTask();
        for (var i = 0; i < most; i++)
        {
            if (answer.IsCompleted)
            {
                return i;
            }

            try
            {
                var chunk = piece(i);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"{chunk.Length:x}\r\n"), patience.Token);
                await stream.WriteAsync(chunk, patience.Token);
                await stream.WriteAsync("\r\n"u8.ToArray(), patience.Token);
            }
            catch (IOException)
            {
                return i;
            }
        }

        return most;
    }

    /// <summary>The server's memory stays small whatever was sent.</summary>
    private void AssertSmall()
    {
        var resident = File.ReadLines($"/proc/{site.Server.ProcessId}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var megabytes = int.Parse(resident.AsSpan(6).Trim()[..^3]) / 1024;
        Assert.True(megabytes < 400, $"the server has grown to {megabytes} MB");
    }
}
