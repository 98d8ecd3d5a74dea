using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Portcullis.Authority.Clients;

namespace Portcullis.Tests.Authority;

/// <summary>The authority as other people's programs see it: openid-client, jose and Chromium. Skipped where they aren't installed (test/clients/authority-peers: npm ci).</summary>
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
        using var node = Process.Start(new ProcessStartInfo("node", [Path.Combine(folder, "peers.mjs"), host.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        await node.StandardInput.WriteAsync(settings.AsMemory(), stop);
        node.StandardInput.Close();
        Task<string> error = node.StandardError.ReadToEndAsync(stop);
        var output = await node.StandardOutput.ReadToEndAsync(stop);
        await node.WaitForExitAsync(stop);
        Assert.True(node.ExitCode == 0, output + await error + string.Join('\n', host.Log.Text.Split('\n').Where(line => line.Contains("Exception", StringComparison.Ordinal)).Take(20)));
        Assert.Equal(11, output.Split("ok ").Length - 1);
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
