using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Serving;

/// <summary>TLS: both versions of HTTP, and certificates that change while the server runs.</summary>
public sealed class Tls
{
    [Theory]
    [InlineData("HTTP/1.1")]
    [InlineData("HTTP/2")]
    public async Task Git_clones_and_pushes_over(string version)
    {
        using var folder = new TemporaryFolder();
        await using var server = await StartAsync(folder, "first");
        var git = new Git(folder["home"]).WithConfig("http.sslCAInfo", folder["certificate.pem"]).WithConfig("http.version", version);
        (await server.CommandAsync("repo", "create", "acme/app")).ShouldSucceed();
        git = git.WithPassword(await server.TokenAsync("alice", "git:acme/app:pull,push"));
        var work = folder.Make("work");
        await git.OutputAsync(work, "init", "--quiet", ".");
        var bytes = new byte[2_000_000];
        Random.Shared.NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(work, "large.bin"), bytes);
        await git.OutputAsync(work, "add", ".");
        await git.OutputAsync(work, "commit", "--quiet", "-m", "first");

        (await git.RunAsync(work, "push", $"{server.Url}/acme/app.git", "main")).ShouldSucceed();
        var cloned = (await git.With(("GIT_TRACE_CURL", "1"), ("GIT_TRACE_CURL_NO_DATA", "1")).RunAsync(folder.Path, "clone", $"{server.Url}/acme/app.git", "clone")).ShouldSucceed();

        Assert.Contains(version == "HTTP/2" ? "HTTP/2 200" : "HTTP/1.1 200", cloned.Text);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(folder["clone"], "large.bin")));
    }

    [Fact]
    public async Task A_new_certificate_is_in_use_without_a_restart_and_a_broken_one_is_not()
    {
        using var folder = new TemporaryFolder();
        await using var server = await StartAsync(folder, "first");
        Assert.Equal("CN=first", await SubjectAsync(server));

        WriteCertificate(folder, "second");
        await Eventually.UntilAsync(async () => await SubjectAsync(server) == "CN=second", () => $"the new certificate is not in use:\n{server.Log}");

        // A look between the two files of the new one found a pair that does not fit, and said so.
        var before = Kept(server);
        await File.WriteAllTextAsync(folder["certificate.pem"], "no certificate");
        await Eventually.UntilAsync(
            async () =>
            {
                Assert.Equal("CN=second", await SubjectAsync(server));
                return Kept(server) > before;
            },
            () => $"nothing is said of the broken certificate:\n{server.Log}");
    }

    [Fact]
    public async Task The_Server_header_is_off()
    {
        using var folder = new TemporaryFolder();
        await using var server = await StartAsync(folder, "first");

        var response = await RawHttp.SendAsync(server.Uri, "GET /healthz HTTP/1.1", []);

        Assert.Equal(200, response!.Status);
        Assert.Null(response.Header("Server"));
    }

    private static async Task<PortcullisServer> StartAsync(TemporaryFolder folder, string name)
    {
        WriteCertificate(folder, name);
        return await PortcullisServer.StartAsync(
            folder.Make("server"), scheme: "https", serverSettings: $"certificate: {{ path: \"{folder["certificate.pem"]}\", keyPath: \"{folder["key.pem"]}\" }}");
    }

    private static void WriteCertificate(TemporaryFolder folder, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(folder["key.pem"], key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(folder["certificate.pem"], certificate.ExportCertificatePem());
    }

    private static int Kept(PortcullisServer server) => server.Log.Split("the one before stays in use").Length - 1;

    private static async Task<string> SubjectAsync(PortcullisServer server)
    {
        var subject = "";
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
            {
                subject = certificate!.Subject;
                return true;
            },
        };
        using var client = new HttpClient(handler);
        (await client.GetAsync($"{server.Url}/healthz")).EnsureSuccessStatusCode();
        return subject;
    }
}
