using System.Net;
using System.Text;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Git.Names;
using Portcullis.Tests.Gateway.Live;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

/// <summary>What an upstream is asked, and over which connection.</summary>
public sealed class UpstreamRequestTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("portcullis-requests-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Nothing_that_the_client_sends_goes_up_but_what_was_understood()
    {
        await using var upstream = await RecordingUpstream.StartAsync();
        await using var gateway = await StartAsync(upstream, definition => definition);
        using var client = gateway.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/up/acme/app.git/git-upload-pack");
        request.Content = new ByteArrayContent(Encoding.ASCII.GetBytes("0014command=fetch\n0001000fno-progress0000"));
        request.Content.Headers.ContentType = new("application/x-git-upload-pack-request");
        request.Headers.Authorization = new("Bearer", gateway.Token("git:*:pull"));
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)
            [
                ("Git-Protocol", "version=2:secret=client"), ("Cookie", "session=client"), ("X-Forwarded-For", "10.9.8.7"), ("X-Forwarded-Host", "client.example"), ("Forwarded", "for=10.9.8.7"),
                ("X-Real-IP", "10.9.8.7"), ("Via", "1.1 client"), ("Referer", "https://client.example/"), ("Origin", "https://client.example"), ("Proxy-Authorization", "Basic client"),
                ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("X-Anything", "client"), ("User-Agent", "client/1"), ("Accept-Language", "client"),
            ])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var asked = Assert.Single(upstream.Requests);
        Assert.Equal(
            ["Accept", "Authorization", "Content-Length", "Content-Type", "Git-Protocol", "Host", "Pragma", "User-Agent"],
            asked.Headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("Basic " + Convert.ToBase64String("x-access-token:of-the-gateway"u8), asked.Headers["Authorization"]);
        Assert.Equal("version=2", asked.Headers["Git-Protocol"]);
        Assert.DoesNotContain(asked.Headers.Values, value => value.Contains("client", StringComparison.Ordinal) || value.Contains("10.9.8.7", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("up/*", "/", true, ".git", "up/acme/app", "/acme/app.git")]
    [InlineData("up/*", "/", false, ".git", "up/acme/app", "/up/acme/app.git")]
    [InlineData("up/acme/*", "/scm/", true, "", "up/acme/app", "/scm/app")]
    [InlineData("up/acme/app", "/deep/er", true, ".git", "up/acme/app", "/deep/er/app.git")]
    [InlineData("up/team-*/lib", "/", true, ".git", "up/team-a/b/lib", "/team-a/b/lib.git")]
    [InlineData("*", "/git", true, ".git", "up/a+b/c~d.e_f-g", "/git/up/a+b/c~d.e_f-g.git")]
    public async Task The_repository_is_where_prefix_and_suffix_say(string match, string path, bool strips, string suffix, string repository, string expected)
    {
        await using var upstream = await RecordingUpstream.StartAsync();
        await using var gateway = await StartAsync(
            upstream,
            definition => definition with { Match = RepositoryPattern.Parse(match), Url = new Uri(upstream.Address, path), StripsPrefix = strips, Suffix = suffix });

        await gateway.Client(gateway.Token("git:*:pull")).GetAsync($"/{repository}.git/info/refs?service=git-upload-pack", TestContext.Current.CancellationToken);

        Assert.Equal(expected + "/info/refs?service=git-upload-pack", Assert.Single(upstream.Requests).Target);
    }

    [Fact]
    public async Task Http_2_is_spoken_over_tls_to_a_server_whose_authority_is_named()
    {
        var authority = Path.Combine(folder, "authority.pem");
        using var certificate = RecordingUpstream.NewCertificate("localhost", authority);
        await using var upstream = await RecordingUpstream.StartAsync(certificate);
        await using var gateway = await StartAsync(upstream, definition => definition with { CertificateAuthorityFile = authority });

        var answer = await gateway.Client(gateway.Token("git:*:pull")).GetAsync("/up/acme/app.git/info/refs?service=git-upload-pack", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("HTTP/2", Assert.Single(upstream.Requests).Protocol);
    }

    [Theory]
    [InlineData("localhost", false)]
    [InlineData("elsewhere.example", true)]
    public async Task A_server_that_nobody_vouches_for_is_not_asked(string name, bool isNamed)
    {
        var authority = Path.Combine(folder, "authority.pem");
        using var certificate = RecordingUpstream.NewCertificate(name, authority);
        await using var upstream = await RecordingUpstream.StartAsync(certificate);
        await using var gateway = await StartAsync(upstream, definition => definition with { CertificateAuthorityFile = isNamed ? authority : null });

        var answer = await gateway.Client(gateway.Token("git:*:pull")).GetAsync("/up/acme/app.git/info/refs?service=git-upload-pack", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Empty(upstream.Requests);
        Assert.Contains(await gateway.AuditAsync(), entry => entry.Record is { Reason: "upstream_tls_failed" });
    }

    [Fact]
    public async Task A_push_is_forwarded_byte_for_byte()
    {
        await using var upstream = await RecordingUpstream.StartAsync();
        await using var gateway = await StartAsync(upstream, definition => definition);
        var zero = new string('0', 40);
        var command = $"{zero} {new string('1', 40)} refs/heads/new\0 report-status side-band-64k agent=x/1 anything-else";
        byte[] body = [.. Encoding.Latin1.GetBytes($"{command.Length + 4:X4}{command}0000PACK"), 0, 1, 2, 255, 254];
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/x-git-receive-pack-request");

        await gateway.Client(gateway.Token("git:*:pull,push")).PostAsync("/up/acme/app.git/git-receive-pack", content, TestContext.Current.CancellationToken);

        Assert.Equal(body, Assert.Single(upstream.Requests, asked => asked.Method == "POST").Body);
    }

    private async Task<GatewayServer> StartAsync(RecordingUpstream upstream, Func<UpstreamDefinition, UpstreamDefinition> change)
    {
        var secret = Path.Combine(folder, "secret");
        await File.WriteAllTextAsync(secret, "of-the-gateway\n");
        return await GatewayServer.StartAsync(options => options with
        {
            Upstreams =
            [
                change(new UpstreamDefinition
                {
                    Match = RepositoryPattern.Parse("up/*"),
                    Url = upstream.Address,
                    Credential = new BasicCredentialDefinition("x-access-token", new SecretLocation(secret, null)),
                }),
            ],
        });
    }
}
