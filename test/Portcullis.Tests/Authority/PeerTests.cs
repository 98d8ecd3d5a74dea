using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Portcullis.EndToEnd.Harness;
using Portcullis.Access;
using Portcullis.Access.Policies;
using Portcullis.Authority.Clients;
using Portcullis.Authority.ExternalSignIn;
using Portcullis.Authority.People;
using Portcullis.Gateway.Authentication;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Tests.Authority;

/// <summary>The authority as other people's programs see it: openid-client, oidc-provider, jose and Chromium. Skipped where they aren't installed (test/clients/authority-peers: npm ci).</summary>
[Trait("suite", "peers")]
public sealed class PeerTests
{
    [Fact]
    public async Task Certified_relying_party_and_a_real_browser_use_every_flow()
    {
        var folder = FindPeers();
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules")) && File.Exists("/usr/bin/chromium"), "npm ci in test/clients/authority-peers, and Chromium, are needed.");
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using AuthorityHost host = await AuthorityHost.StartAsync(listens: true, configure: o => o with { PublicUrl = o.PublicUrl.Replace("127.0.0.1", "localhost", StringComparison.Ordinal) });
        await host.AddAliceAsync("engineering");
        var secret = await host.AddServiceClientAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECParameters p = key.ExportParameters(true);
        static string Text(byte[] value) => System.Buffers.Text.Base64Url.EncodeToString(value);
        var jwk = new Dictionary<string, string> { ["kty"] = "EC", ["crv"] = "P-256", ["kid"] = "k1", ["alg"] = "ES256", ["x"] = Text(p.Q.X!), ["y"] = Text(p.Q.Y!) };
        var jwks = JsonSerializer.Serialize(new { keys = new[] { jwk } });
        jwk["d"] = Text(p.D!);
        await host.Clients.AddAsync(new ClientInfo { Id = "keyed", Grants = [ClientGrant.ClientCredentials], IsConfidential = true, Jwks = jwks, Ceiling = ["git:acme/*:pull"] }, stop);
        var settings = JsonSerializer.Serialize(new { user = "alice", password = AuthorityHost.Password, clientId = "ci", secret, keyClientId = "keyed", privateJwk = jwk });
        var output = await RunAsync(host, settings, Path.Combine(folder, "peers.mjs"), host.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
        Assert.Equal(11, output.Split("ok ").Length - 1);
    }

    [Fact]
    public async Task Certified_provider_signs_people_in_and_is_trusted_as_an_issuer()
    {
        var folder = FindPeers();
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules", "oidc-provider")) && File.Exists("/usr/bin/chromium"), "npm ci in test/clients/authority-peers, and Chromium, are needed.");
        CancellationToken stop = TestContext.Current.CancellationToken;
        var port = FreePorts.Take();
        var issuer = $"http://127.0.0.1:{port}";
        var secret = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(secret, "a secret of the provider for us", stop);
            var keys = new DiscoveryKeySetSource(issuer, TimeProvider.System);
            var trusted = new TrustedIssuer { Issuer = issuer, Audiences = ["-"], KeySource = keys, ClockSkew = TimeSpan.FromMinutes(5) };
            await using AuthorityHost host = await AuthorityHost.StartAsync(listens: true, configure: o =>
            {
                var address = o.PublicUrl.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
                trusted = trusted with { Audiences = [address] };
                return o with
                {
                    PublicUrl = address,
                    TrustedIssuers = [trusted],
                    Policy = () => Policy(issuer),
                    ExternalProviders =
                    [
                        new ExternalProvider
                        {
                            Name = "company", DisplayName = "The company", Issuer = issuer, ClientId = "portcullis", ClientSecretFile = secret, Scope = "openid profile email groups",
                            Groups = new Dictionary<string, string> { ["staff"] = "engineering" }, Administrators = ["boss"],
                        },
                    ],
                };
            });
            await host.AddAliceAsync();
            var settings = JsonSerializer.Serialize(new { clientSecret = "a secret of the provider for us", workloadSecret = "a secret of the provider for a workload" });
            var output = await RunAsync(host, settings, Path.Combine(folder, "provider.mjs"), host.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal), port.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(4, output.Split("ok ").Length - 1);
            PersonInfo carol = (await host.Users.FindAsync("carol", stop))!;
            Assert.Equal(["engineering"], carol.Groups);
            Assert.False(carol.HasPassword);
            Assert.Equal((true, issuer), (carol.IsAdministrator, carol.AdministratorBy));

            // The keys are known by now: the same token on the gateway, as it is.
            var token = output.Split('\n').Single(line => line.StartsWith("token ", StringComparison.Ordinal))["token ".Length..].Trim();
            TokenResult direct = await new TokenValidator([trusted], host.Clock).ValidateAsync(token, default, stop);
            Assert.True(direct.Token is not null, direct.Description);
            Assert.Equal("git:acme/app:pull", new EffectivePermissions().Of(direct.Token, Policy(issuer)).ToScope());
        }
        finally
        {
            File.Delete(secret);
        }
    }

    private static async Task<string> RunAsync(AuthorityHost host, string settings, params string[] arguments)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        using var node = Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await node.StandardInput.WriteAsync(settings.AsMemory(), stop);
        node.StandardInput.Close();
        Task<string> error = node.StandardError.ReadToEndAsync(stop);
        var output = await node.StandardOutput.ReadToEndAsync(stop);
        await node.WaitForExitAsync(stop);
        Assert.True(node.ExitCode == 0, output + await error + string.Join('\n', host.Log.Text.Split('\n').Where(line => line.Contains("Exception", StringComparison.Ordinal)).Take(20)));
        return output;
    }

    private static AccessPolicy Policy(string issuer)
    {
        static PolicyText Text(string value) => new(value, new SourceLocation("policy.yaml", 1));
        return AccessPolicy.Compile(
            new PolicyDefinition
            {
                Trust = [new TrustDefinition(Text(issuer), [new ClaimDefinition(Text("sub"), Text("workload-74"))], [Text("git:acme/app:pull")], false, new SourceLocation("policy.yaml", 1))],
            },
            out _)!;
    }

    private static string FindPeers()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "test", "clients", "authority-peers");
            if (Directory.Exists(path))
            {
                return path;
            }
        }

        throw new DirectoryNotFoundException("test/clients/authority-peers");
    }
}
