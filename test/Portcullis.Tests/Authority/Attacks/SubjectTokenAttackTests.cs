using System.Text.Json;
using Portcullis.Access;
using Portcullis.Access.Policies;
using Portcullis.Tests.Tokens;
using Portcullis.Tokens;

namespace Portcullis.Tests.Authority.Attacks;

/// <summary>Every token that the gateway refuses, brought for exchange: as the subject's, and as the actor's.</summary>
public sealed class SubjectTokenAttackTests
{
    private static readonly SourceLocation s_here = new("policy.yaml", 1);

    [Fact]
    public async Task Token_that_the_gateway_refuses_is_exchanged_for_nothing()
    {
        var bench = new AttackBench();
        await using AuthorityHost host = await AuthorityHost.StartAsync(
            configure: o => o with { TrustedIssuers = bench.Issuers, Audience = AttackBench.Audience, MaxFailuresPerAddress = 100_000, Policy = () => Policy(bench) },
            clock: bench.Time);
        await host.AddAliceAsync();

        // A subject that is revoked without an issuer's name, as by alice's new password, is so whoever vouches for it: for as long as an issuer's clock may be ahead.
        bench.Time.Advance(TimeSpan.FromMinutes(2));
        using HttpClient client = host.CreateClient();

        // The bench itself: the same token, without a flaw, is exchanged.
        HttpResponseMessage exchanged = await ExchangeAsync(client, bench.Valid(), null);
        Assert.True(exchanged.IsSuccessStatusCode, await exchanged.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var (good, _, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull,push");
        HttpResponseMessage acted = await ExchangeAsync(client, good, bench.Valid());
        Assert.True(acted.IsSuccessStatusCode, await acted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.True(AttackTableTests.Cases.Count > 100);
        foreach (AttackCase attack in AttackTableTests.Cases.Where(attack => attack.Expected != TokenError.Revoked))
        {
            var token = attack.Token(bench);
            foreach (HttpResponseMessage answer in new[] { await ExchangeAsync(client, token, null), await ExchangeAsync(client, good, token) })
            {
                var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                Assert.True((int)answer.StatusCode is >= 400 and < 500, $"{attack.Name}: {(int)answer.StatusCode} {text}");
                Assert.DoesNotContain("access_token\"", text, StringComparison.Ordinal);
                if (text.Length > 0)
                {
                    Assert.Contains(JsonDocument.Parse(text).RootElement.GetProperty("error").GetString(), new[] { "invalid_grant", "invalid_request" });
                }
            }
        }
    }

    private static async Task<HttpResponseMessage> ExchangeAsync(HttpClient client, string subject, string? actor)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["subject_token"] = subject,
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:jwt",
            ["scope"] = "git:acme/app@refs/heads/x:pull",
        };
        if (actor is not null)
        {
            form["actor_token"] = actor;
            form["actor_token_type"] = "urn:ietf:params:oauth:token-type:jwt";
        }

        return await client.PostAsync("/oauth/token", new FormUrlEncodedContent(form), TestContext.Current.CancellationToken);
    }

    // Whatever validates is trusted: nothing but the validation stands between a forged token and ours.
    private static AccessPolicy Policy(AttackBench bench)
    {
        static PolicyText Text(string value) => new(value, s_here);
        return AccessPolicy.Compile(
            new PolicyDefinition
            {
                Roles = [new RoleDefinition(Text("developer"), [Text("git:{repository}:pull,push")])],
                Bindings = [new BindingDefinition(Text("developer"), [Text("acme/*")], [Text("user:alice")], Text(AuthorityHost.PublicUrl), s_here)],
                Trust = [.. bench.Issuers.Select(issuer => new TrustDefinition(Text(issuer.Issuer), [new ClaimDefinition(Text("sub"), Text("a*"))], [Text("git:acme/app:pull")], false, s_here))],
            },
            out _)!;
    }
}
