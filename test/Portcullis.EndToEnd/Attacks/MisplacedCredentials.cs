using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Attacks;

/// <summary>Tokens that come twice, in another way, or not as a token.</summary>
public sealed class MisplacedCredentials(Shared<HostSite> shared) : RawRequests(shared.Site), IClassFixture<Shared<HostSite>>
{
    [Fact]
    public async Task Refuses_two_credentials_at_once()
    {
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", "git:*:pull");
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
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", "git:*:pull");

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
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", "git:*:pull");

        var response = await SendAsync($"GET /{repository}.git/info/refs{query.Replace("TOKEN", token)} HTTP/1.1", []);

        Assert.InRange(response!.Status, 400, 404);
        Assert.DoesNotContain("refs/heads/main", response.Text);
        Assert.DoesNotContain(token, Host.Server.Log);
    }

    [Fact]
    public async Task Refuses_a_folded_Authorization_header()
    {
        var repository = await Host.SeededRepositoryAsync();
        var token = await Host.TokenAsync("alice", "git:*:pull");
        var request = $"GET /{repository}.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: {Host.Server.Uri.Authority}\r\nAuthorization: Bearer\r\n {token}\r\nConnection: close\r\n\r\n";

        var response = await RawHttp.SendBytesAsync(Host.Server.Uri, Encoding.Latin1.GetBytes(request));

        Assert.Equal(400, response!.Status);
    }
}
