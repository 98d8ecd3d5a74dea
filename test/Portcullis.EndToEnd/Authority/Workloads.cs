using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Authority;

/// <summary>A CI job's own token, as docs/guides/workloads.md has it: shown to Git as it is, and exchanged.</summary>
public sealed class Workloads : IAsyncLifetime
{
    private const string Issuer = "https://token.actions.example";
    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private PortcullisServer _server = null!;

    [Fact]
    public async Task A_jobs_token_opens_what_trust_gives_it_and_nothing_that_it_says_itself()
    {
        var git = new Git(_folder["home"]);
        var work = _folder.Make("work");
        await git.OutputAsync(work, "init", "--quiet", ".");
        await Site.CommitAsync(git, work, "file", "content\n");
        var job = Sign(new { repository_id = "1234", @ref = "refs/heads/main", scope = "git:*:pull,push,delete" });
        var url = $"{_server.Url}/acme/app.git";

        (await git.WithPassword(job, "x-access-token").RunAsync(work, "push", url, "HEAD:refs/tags/v1")).ShouldSucceed();
        Assert.Contains("not allowed", (await git.WithPassword(job, "x-access-token").RunAsync(work, "push", url, "HEAD:refs/heads/main")).ShouldFail().Text);
        (await git.WithPassword(Sign(new { repository_id = "1235", @ref = "refs/heads/main" })).RunAsync(work, "push", url, "HEAD:refs/tags/v2")).ShouldFail();
        (await git.WithPassword(Sign(new { repository_id = "1234", @ref = "refs/heads/main" }, audience: "https://elsewhere.example")).RunAsync(work, "push", url, "HEAD:refs/tags/v2")).ShouldFail();

        var ours = (await OAuthPerson.PostAsync(_server.Url, "/oauth/token", new()
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:jwt",
            ["subject_token"] = job,
        })).GetProperty("access_token").GetString()!;
        (await git.WithPassword(ours).RunAsync(work, "push", url, "HEAD:refs/tags/v3")).ShouldSucceed();
        Assert.Equal($"{Issuer}|repo:acme/app", OAuthPerson.Claims(ours).GetProperty("sub").GetString());
        (await _server.CommandAsync("revoke", "--subject", $"{Issuer}|repo:acme/app")).ShouldSucceed();
        await Eventually.UntilAsync(async () => (await git.WithPassword(ours).RunAsync(work, "ls-remote", url)).ExitCode != 0, () => "the token is accepted still");
    }

    [Fact]
    public async Task Entry_under_trial_gives_nothing_and_the_audit_says_what_it_would_give()
    {
        var git = new Git(_folder["trial"]);
        var job = Sign(new { repository_id = "77" });
        foreach (var again in (bool[])[false, true])
        {
            (await git.WithPassword(job, "x-access-token").RunAsync(_folder.Make($"trial-{again}"), "ls-remote", $"{_server.Url}/acme/app.git")).ShouldFail();
        }

        // As it is, once, however often it is shown; and for an exchange.
        var id = OAuthPerson.Claims(job).GetProperty("jti").GetString()!;
        await _server.Audit.WaitForAsync(line => AuditTrail.Is(line, "tokenId", id), "the job's requests");
        var recorded = _server.Audit.Read().Single(line => AuditTrail.Is(line, "event", "trust.trial"));
        Assert.Matches("^would give git:acme/app:pull [(].*policy.yaml:5:5[)]$", AuditTrail.Text(recorded, "reason"));
        Assert.Equal((Issuer, id), (AuditTrail.Text(recorded, "issuer"), AuditTrail.Text(recorded, "tokenId")));
        await OAuthPerson.PostAsync(
            _server.Url, "/oauth/token",
            new() { ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange", ["subject_token_type"] = "urn:ietf:params:oauth:token-type:jwt", ["subject_token"] = job },
            System.Net.HttpStatusCode.BadRequest);
        Assert.Equal(2, _server.Audit.Read().Count(line => AuditTrail.Is(line, "event", "trust.trial")));
        Assert.Contains("trust.trial: would give git:acme/app:pull", (await _server.CommandAsync("audit", "show", "--event", "trust.trial")).ShouldSucceed().Output);
    }

    public async ValueTask InitializeAsync()
    {
        var home = _folder.Make("server");
        var p = _key.ExportParameters(false);
        await File.WriteAllTextAsync(
            Path.Combine(home, "keys.json"),
            JsonSerializer.Serialize(new { keys = new[] { new { kty = "EC", crv = "P-256", kid = "k1", alg = "ES256", use = "sig", x = Base64Url.EncodeToString(p.Q.X), y = Base64Url.EncodeToString(p.Q.Y) } } }));
        await File.WriteAllTextAsync(Path.Combine(home, "policy.yaml"), $$"""
            trust:
              - issuer: {{Issuer}}
                claims: { repository_id: "1234", ref: "refs/heads/main" }
                permissions: [ "git:acme/app@refs/tags/v*:create", "git:acme/app:pull" ]
              - issuer: {{Issuer}}
                mode: audit
                claims: { repository_id: "77" }
                permissions: [ "git:acme/app:pull" ]
            """);
        _server = await PortcullisServer.StartAsync(home, $"policy: ./policy.yaml\nissuers: [ {{ issuer: \"{Issuer}\", jwks: ./keys.json, types: [ JWT ] }} ]");
        (await _server.CommandAsync("repo", "create", "acme/app")).ShouldSucceed();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _key.Dispose();
        _folder.Dispose();
    }

    private string Sign(object claims, string? audience = null)
    {
        var payload = JsonSerializer.SerializeToNode(claims)!.AsObject();
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        payload["iss"] = Issuer;
        payload["sub"] = "repo:acme/app";
        payload["aud"] = audience ?? _server.Url;
        payload["iat"] = now;
        payload["exp"] = now + 300;
        payload["jti"] = Guid.NewGuid().ToString("N");
        var input = $"{Base64Url.EncodeToString("""{"alg":"ES256","typ":"JWT","kid":"k1"}"""u8)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload.ToJsonString()))}";
        return $"{input}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256))}";
    }
}
