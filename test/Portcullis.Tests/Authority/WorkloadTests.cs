using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.Access;
using Portcullis.Access.Policies;
using Portcullis.Audit;
using Portcullis.Gateway.Authentication;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Authority;

/// <summary>Tokens as GitHub Actions, GitLab, Kubernetes and SPIFFE write them: used on the gateway as they are, and exchanged for one of ours.</summary>
public sealed class WorkloadTests : IDisposable
{
    private const string Audience = "https://git.example.com";
    private static readonly SourceLocation s_here = new("policy.yaml", 1);
    private readonly SigningKey _key = SigningKey.Create(SignatureAlgorithms.RS256, 2048);
    private readonly string _directory = Directory.CreateTempSubdirectory("portcullis-workloads-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static readonly Workload[] s_workloads =
    [
        new("GitHub Actions", "https://token.actions.githubusercontent.com", """{"typ":"JWT","x5t":"ykNaY4qM_ta4k2TgZOCEYLkcYlA"}""",
            """
            {"sub":"repo:acme/app:ref:refs/heads/main","ref":"refs/heads/main","sha":"4c7e9b1","repository":"acme/app","repository_owner":"acme","repository_owner_id":"65","repository_id":"74",
             "run_id":"1","run_number":"10","run_attempt":"1","actor_id":"12","actor":"octocat","workflow":"release","head_ref":"","base_ref":"","event_name":"push","ref_protected":"true","ref_type":"branch",
             "environment":"production","job_workflow_ref":"acme/app/.github/workflows/release.yml@refs/heads/main","runner_environment":"github-hosted"}
            """,
            [("repository_id", "74"), ("ref", "refs/heads/main"), ("job_workflow_ref", "acme/app/.github/workflows/release.yml@*")], ("repository_id", "75"), ("ref", "refs/heads/main2")),
        new("GitLab", "https://gitlab.example.com", """{"typ":"JWT"}""",
            """
            {"sub":"project_path:acme/app:ref_type:branch:ref:main","project_id":"20","project_path":"acme/app","namespace_id":"72","namespace_path":"acme","user_login":"sample","user_id":"1","pipeline_id":"574",
             "pipeline_source":"push","job_id":"302","ref":"main","ref_type":"branch","ref_path":"refs/heads/main","ref_protected":"true","environment":"test","groups_direct":["acme"]}
            """,
            [("project_id", "20"), ("ref_protected", "true"), ("ref", "main")], ("project_id", "201"), ("ref_protected", "false")),
        new("Kubernetes", "https://kubernetes.default.svc.cluster.local", "{}",
            """
            {"sub":"system:serviceaccount:ci:builder","kubernetes.io":{"namespace":"ci","pod":{"name":"builder-7d9f","uid":"3f2a"},"serviceaccount":{"name":"builder","uid":"9b1c"}}}
            """,
            [("sub", "system:serviceaccount:ci:builder")], ("sub", "system:serviceaccount:ci:builder-2"), ("sub", "x-system:serviceaccount:ci:builder")),
        new("SPIFFE", "https://spire.example.com", """{"typ":"JWT"}""",
            """{"sub":"spiffe://example.com/ns/ci/sa/builder"}""",
            [("sub", "spiffe://example.com/ns/ci/sa/*")], ("sub", "spiffe://example.com.evil.test/ns/ci/sa/builder"), ("sub", "https://x/spiffe://example.com/ns/ci/sa/builder")),
    ];

    public static TheoryData<string> Names => [.. s_workloads.Select(workload => workload.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Token_opens_what_the_trust_entry_says_directly_and_exchanged(string name)
    {
        Workload workload = s_workloads.Single(w => w.Name == name);
        await using AuthorityHost host = await StartAsync(workload, isAuditOnly: false);
        var token = Mint(host, workload, _ => { });
        Assert.Equal(["git:acme/app:pull", "git:acme/app@refs/tags/v*:create"], await DirectAsync(host, workload, token));
        JsonElement answer = await ExchangeAsync(host, token, HttpStatusCode.OK);
        Assert.Equal("git:acme/app:pull git:acme/app@refs/tags/v*:create", answer.GetProperty("scope").GetString());
        ValidatedToken ours = await OwnGateway(host).ValidateAsync(answer.GetProperty("access_token").GetString()!, default, Stop) is { Token: { } validated } ? validated : throw new InvalidOperationException();
        Assert.Equal($"{workload.Issuer}|{JsonNode.Parse(workload.Claims)!["sub"]}", ours.Subject);

        // Neither a claim that is almost the wanted one, nor a token for somebody else, nor one of another issuer with the same claims.
        foreach (var (claim, value) in workload.Others)
        {
            var other = Mint(host, workload, claims => claims[claim] = value);
            Assert.Empty(await DirectAsync(host, workload, other));
            Assert.Equal("invalid_grant", (await ExchangeAsync(host, other, HttpStatusCode.BadRequest)).GetProperty("error").GetString());
        }

        foreach (var changed in new Action<JsonObject>[]
        {
            claims => claims["aud"] = "https://elsewhere.example", claims => claims.Remove("aud"), claims => claims["aud"] = new JsonArray(), claims => claims["iss"] = workload.Issuer + "/", claims => claims["iss"] = AuthorityHost.PublicUrl,
        })
        {
            var other = Mint(host, workload, changed);
            Assert.NotEqual(TokenError.None, (await Validator(host, workload).ValidateAsync(other, default, Stop)).Error);
            await ExchangeAsync(host, other, HttpStatusCode.BadRequest);
        }
    }

    [Fact]
    public async Task Issuer_under_trial_gives_nothing_and_what_it_would_give_is_recorded()
    {
        Workload workload = s_workloads[0];
        await using (AuthorityHost host = await StartAsync(workload, isAuditOnly: true))
        {
            var token = Mint(host, workload, _ => { });
            using var log = new LogCapture();
            using var factory = new Microsoft.Extensions.Logging.LoggerFactory([log]);
            Assert.Empty(await DirectAsync(host, workload, token, new TrustTrials(new Microsoft.Extensions.Logging.Logger<TrustTrials>(factory), host.Clock)));
            Assert.Contains("would give git:acme/app:pull git:acme/app@refs/tags/v*:create", log.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(token, log.Text, StringComparison.Ordinal);
            Assert.Equal("invalid_grant", (await ExchangeAsync(host, token, HttpStatusCode.BadRequest)).GetProperty("error").GetString());
            await ExchangeAsync(host, Mint(host, workload, claims => claims["repository_id"] = "1"), HttpStatusCode.BadRequest);
        }

        var lines = Directory.GetFiles(_directory, "*.jsonl").SelectMany(File.ReadAllLines).Where(line => line.Contains("\"trust.trial\"", StringComparison.Ordinal)).ToArray();
        using JsonDocument record = JsonDocument.Parse(Assert.Single(lines));
        Assert.Equal("refused", record.RootElement.GetProperty("outcome").GetString());
        Assert.Equal("would give git:acme/app:pull git:acme/app@refs/tags/v*:create (policy.yaml:1)", record.RootElement.GetProperty("reason").GetString());
        Assert.Equal(workload.Issuer, record.RootElement.GetProperty("issuer").GetString());
    }

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private TrustedIssuer Issuer(Workload workload) => new()
    {
        Issuer = workload.Issuer, Audiences = [Audience], Types = ["JWT"], KeySource = new StaticKeySetSource(KeySet.ParseJwks(Encoding.UTF8.GetBytes($"{{\"keys\":[{_key.ToJwk()}]}}"))),
    };

    private TokenValidator Validator(AuthorityHost host, Workload workload) => new([Issuer(workload)], host.Clock);

    private static TokenValidator OwnGateway(AuthorityHost host) =>
        new([new TrustedIssuer { Issuer = host.Address, Audiences = [Audience], KeySource = host.Keys, Permissions = PermissionSource.Token }], host.Clock);

    private async Task<IEnumerable<string>> DirectAsync(AuthorityHost host, Workload workload, string token, TrustTrials? trials = null)
    {
        TokenResult result = await Validator(host, workload).ValidateAsync(token, default, Stop);
        Assert.True(result.Token is not null, result.Description);
        var options = host.Services.GetRequiredService<Portcullis.Authority.AuthorityOptions>();
        return new EffectivePermissions(trials).Of(result.Token, options.Policy()).Select(permission => permission.ToString());
    }

    private static Task<JsonElement> ExchangeAsync(AuthorityHost host, string token, HttpStatusCode expected) => host.PostAsync(
        "/oauth/token",
        new Dictionary<string, string>
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange", ["subject_token_type"] = "urn:ietf:params:oauth:token-type:jwt", ["subject_token"] = token,
        },
        expected);

    private async Task<AuthorityHost> StartAsync(Workload workload, bool isAuditOnly)
    {
        static PolicyText Text(string value) => new(value, s_here);
        AccessPolicy policy = AccessPolicy.Compile(
            new PolicyDefinition
            {
                Trust =
                [
                    new TrustDefinition(
                        Text(workload.Issuer), [.. workload.Matches.Select(match => new ClaimDefinition(Text(match.Name), Text(match.Value)))],
                        [Text("git:acme/app:pull"), Text("git:acme/app@refs/tags/v*:create")], isAuditOnly, s_here),
                ],
            },
            out IReadOnlyList<PolicyProblem> problems) ?? throw new InvalidOperationException(string.Join("; ", problems));
        AuditLog log = await AuditLog.OpenAsync(new AuditLogOptions { Directory = _directory, ReserveBytes = 1 << 16 }, TimeProvider.System, Stop);
        return await AuthorityHost.StartAsync(
            configure: o => o with { TrustedIssuers = [Issuer(workload)], Audience = Audience, Policy = () => policy },
            services: services => services.AddSingleton(_ => log)); // By a factory, so that it is closed with the host.
    }

    private string Mint(AuthorityHost host, Workload workload, Action<JsonObject> change)
    {
        JsonObject header = JsonNode.Parse(workload.Header)!.AsObject();
        header["alg"] = _key.Algorithm;
        header["kid"] = _key.KeyId;
        JsonObject claims = JsonNode.Parse(workload.Claims)!.AsObject();
        var now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        claims["iss"] = workload.Issuer;
        claims["aud"] = workload.Name is "Kubernetes" or "SPIFFE" ? new JsonArray(Audience) : Audience;
        claims["iat"] = now;
        claims["nbf"] = now - 5;
        claims["exp"] = now + 300;
        claims["jti"] = Guid.NewGuid().ToString();
        change(claims);
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{signed}.{Base64Url.EncodeToString(_key.Sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    private sealed record Workload(string Name, string Issuer, string Header, string Claims, (string Name, string Value)[] Matches, params (string Claim, string Value)[] Others);
}
