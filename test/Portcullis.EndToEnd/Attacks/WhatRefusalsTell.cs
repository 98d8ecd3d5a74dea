using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Attacks;

/// <summary>What exists can't be told from what does not, and each refusal stands in the audit.</summary>
public sealed class WhatRefusalsTell(Shared<HostSite> shared) : RawRequests(shared.Site), IClassFixture<Shared<HostSite>>
{
    [Fact]
    public async Task What_exists_can_not_be_told_from_what_does_not()
    {
        var repository = await Host.SeededRepositoryAsync();
        var missing = Host.NewRepositoryName("missing");
        var stranger = await Host.TokenAsync("stranger", "git:elsewhere/*:pull,push");

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
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("eve", "git:*:pull");
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
        var lines = Host.Server.Audit.Read().Where(line => AuditTrail.Is(line, "userAgent", me["User-Agent: ".Length..])).ToList();
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
        var before = Host.Server.Audit.Read().Count(IsMalformed);

        var response = await SendAsync(requestLine, []);

        Assert.Contains(response!.Status, (int[])[400, 505]);
        await Eventually.UntilAsync(() => Host.Server.Audit.Read().Count(IsMalformed) > before, () => "no line was written");
    }
}
