using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Attacks;

/// <summary>Headers and bodies that no Git client sends.</summary>
public sealed class MalformedRequests(Shared<HostSite> shared) : RawRequests(shared.Site), IClassFixture<Shared<HostSite>>
{
    [Theory]
    [InlineData("Git-Protocol: version=2\nX-Injected: 1")]
    [InlineData("Git-Protocol: version=2\rX-Injected: 1")]
    [InlineData("Git-Protocol: version=2\0")]
    public async Task A_Git_Protocol_header_with_control_characters_is_refused(string header)
    {
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", "git:*:pull");

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
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", Everything);

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
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", Everything);
        var before = await Host.RefsAsync(repository);

        var response = await SendAsync(
            $"POST /{repository}.git/git-{service} HTTP/1.1",
            [$"Authorization: Bearer {token}", $"Content-Type: application/x-git-{service}-request", .. version == "0" ? (string[])[] : [$"Git-Protocol: version={version}"]],
            Encoding.Latin1.GetBytes(body));

        Assert.NotNull(response);
        Assert.True(response.Status is 400 or 413 || (response.Status == 200 && response.Text.Contains("ERR ", StringComparison.Ordinal)), $"{response.Head}\n{response.Text}");
        Assert.DoesNotContain("refs/heads/main", response.Text);
        Assert.DoesNotContain("   at ", response.Text);
        Assert.Equal(before, await Host.RefsAsync(repository));
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
        var repository = await Host.SeededRepositoryAsync();
        var before = await Host.RefsAsync(repository);
        var main = before.Split('\n').Single(line => line.EndsWith(" refs/heads/main", StringComparison.Ordinal)).Split(' ')[0];

        var response = await PushAsync(repository, Command($"{new string('0', 40)} {main} {name}") + "0000", EmptyPack);

        Assert.DoesNotContain($"ok {name}", response.Text);
        Assert.Equal(before, await Host.RefsAsync(repository));
    }

    [Fact]
    public async Task Refuses_one_ref_twice_in_a_push()
    {
        var repository = await Host.SeededRepositoryAsync();
        var before = await Host.RefsAsync(repository);
        var main = before.Split('\n').Single(line => line.EndsWith(" refs/heads/main", StringComparison.Ordinal)).Split(' ')[0];
        var zero = new string('0', 40);

        var response = await PushAsync(repository, Command($"{zero} {main} refs/heads/x") + $"{Line($"{zero} {main} refs/heads/x")}0000", EmptyPack);

        Assert.DoesNotContain("ok refs/heads/x", response.Text);
        Assert.Equal(before, await Host.RefsAsync(repository));
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip, gzip")]
    [InlineData("compress")]
    public async Task Refuses_other_encodings(string encoding)
    {
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", Everything);

        var response = await SendAsync(
            $"POST /{repository}.git/git-upload-pack HTTP/1.1",
            [$"Authorization: Bearer {token}", "Content-Type: application/x-git-upload-pack-request", $"Content-Encoding: {encoding}"], "0000"u8.ToArray());

        Assert.Contains(response!.Status, (int[])[400, 415]);
    }

    [Fact]
    public async Task Content_length_beside_chunked_is_refused()
    {
        // The attack: two readers that disagree on where a request ends (request smuggling, RFC 9112 §6.1).
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", Everything);
        var request = $"POST /{repository}.git/git-upload-pack HTTP/1.1\r\nHost: {Host.Server.Uri.Authority}\r\nAuthorization: Bearer {token}\r\n"
            + "Content-Type: application/x-git-upload-pack-request\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + $"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n";

        var response = await RawHttp.SendBytesAsync(Host.Server.Uri, Encoding.Latin1.GetBytes(request));

        Assert.True(response is null || response.Status >= 400, response?.Head);
        Assert.DoesNotContain("# service=", response?.Text ?? "");
    }
}
