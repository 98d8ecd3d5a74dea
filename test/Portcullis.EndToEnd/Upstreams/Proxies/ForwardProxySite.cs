using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.Proxies;

/// <summary>A gateway whose upstreams, one over HTTP and one over TLS, are behind a real forward proxy; and some whose proxy does not do what it should.</summary>
public sealed class ForwardProxySite : IAsyncLifetime
{
    public const string Password = "the-way-out-7Yk";

    private const string HasPassword = "proxyCredential: { userName: gateway, secretFile: ./proxy-password }";

    private readonly TemporaryFolder _folder = new();
    private RawPeer _silent = null!;

    public PortcullisServer Server { get; private set; } = null!;

    public PortcullisServer Plain { get; private set; } = null!;

    public PortcullisServer Tls { get; private set; } = null!;

    public Tinyproxy Proxy { get; private set; } = null!;

    public Tinyproxy Strict { get; private set; } = null!;

    /// <summary>A proxy that lets through who has its password.</summary>
    public Tinyproxy Locked { get; private set; } = null!;

    /// <summary>The file that holds the password of <see cref="Locked"/>.</summary>
    public string PasswordFile { get; private set; } = "";

    /// <summary>What the gateway shows the upstreams and proxies.</summary>
    public IReadOnlyList<string> Secrets { get; private set; } = [];

    public Git NewGit() => new(_folder[$"home-{Guid.NewGuid():N}"]);

    public string NewFolder() => _folder.Make($"work-{Guid.NewGuid():N}");

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Tinyproxy.Program))
        {
            return;
        }

        WriteCertificate();
        Plain = await PortcullisServer.StartAsync(_folder.Make("plain"));
        Tls = await PortcullisServer.StartAsync(
            _folder.Make("tls"), scheme: "https", serverSettings: $"certificate: {{ path: \"{_folder["certificate.pem"]}\", keyPath: \"{_folder["key.pem"]}\" }}");
        Proxy = await Tinyproxy.StartAsync(_folder.Make("proxy"));

        // Lets nobody through without a password, which this server has none of, and to no port but one that nobody is at.
        Strict = await Tinyproxy.StartAsync(_folder.Make("strict"), "BasicAuth gateway a-password-of-the-proxy", "ConnectPort 9");
        Locked = await Tinyproxy.StartAsync(_folder.Make("locked"), $"BasicAuth gateway {Password}");
        _silent = RawPeer.Start(exchange => exchange.HangAsync());
        var home = _folder.Make("gateway");
        var secrets = new List<string>();
        foreach (var (name, upstream) in (IEnumerable<(string, PortcullisServer)>)[("plain", Plain), ("tls", Tls)])
        {
            (await upstream.CommandAsync("repo", "create", "acme/app")).ShouldSucceed();
            (await upstream.CommandAsync("repo", "create", "acme/locked")).ShouldSucceed();
            secrets.Add(await upstream.TokenAsync("gateway", TimeSpan.FromMinutes(55), "git:*:pull,push"));
            await File.WriteAllTextAsync(Path.Combine(home, name + "-token"), secrets[^1] + "\n");
        }

        PasswordFile = Path.Combine(home, "proxy-password");
        await File.WriteAllTextAsync(PasswordFile, Password + "\n");
        secrets.Add(Password);
        Secrets = secrets;
        Server = await PortcullisServer.StartAsync(home, "upstreams:\n" + string.Concat(
            Upstream("plain", Plain, Proxy.Url), Upstream("tls", Tls, Proxy.Url),
            Upstream("plain", Plain, $"http://127.0.0.1:{FreePorts.Take()}", "down-plain"), Upstream("tls", Tls, $"http://127.0.0.1:{FreePorts.Take()}", "down-tls"),
            Upstream("plain", Plain, Strict.Url, "strict-plain"), Upstream("tls", Tls, Strict.Url, "strict-tls"),
            Upstream("plain", Plain, Locked.Url, "locked-plain", HasPassword), Upstream("tls", Tls, Locked.Url, "locked-tls", HasPassword),
            Upstream("plain", Plain, _silent.Url, "silent-plain"), Upstream("tls", Tls, _silent.Url, "silent-tls")));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in (IEnumerable<IAsyncDisposable?>)[Server, Plain, Tls, Proxy, Strict, Locked, _silent])
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }

        _folder.Dispose();
    }

    private string Upstream(string kind, PortcullisServer upstream, string proxy, string? name = null, string proxyCredential = "") => $$"""
          - match: "{{name ?? kind}}/*"
            url: "{{upstream.Url}}/acme"
            prefix: strip
            proxy: "{{proxy}}"
            {{proxyCredential}}
            credential: { kind: bearer, secretFile: ./{{kind}}-token }
            {{(kind == "tls" ? $"certificateAuthority: \"{_folder["certificate.pem"]}\"" : "")}}
            connectTimeout: {{(IsSilent(name) ? "1s" : "1m")}}
            answerTimeout: {{(IsSilent(name) ? "1s" : "2m")}}

        """;

    // Of these alone the time runs out: what the others answer, they may take their time for.
    private static bool IsSilent(string? name) => name is not null && name.StartsWith("silent", StringComparison.Ordinal);

    private void WriteCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=upstream", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(_folder["key.pem"], key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_folder["certificate.pem"], certificate.ExportCertificatePem());
    }
}
