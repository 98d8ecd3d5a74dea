using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Issuing;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Minting;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Authority;

/// <summary>A child token dies with everything that its parent and whoever acts can be revoked by.</summary>
public sealed class RevocationCascadeTests
{
    private const string Workloads = "https://workloads.example";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("the parent")]
    [InlineData("the parent's session")]
    [InlineData("the parent's subject")]
    [InlineData("the parent's client")]
    [InlineData("the client that made the child")]
    [InlineData("the actor's token")]
    [InlineData("the actor's subject")]
    [InlineData("the actor's client")]
    [InlineData("the key that signed them")]
    [InlineData("the parent's key, long after another one signed the child")]
    public async Task Child_and_grandchild_die_with(string what)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var secret = await host.AddServiceClientAsync("keyed");
        await host.Clients.AddAsync(new ClientInfo { Id = "runner", Grants = [ClientGrant.TokenExchange] }, Stop);
        var (access, _, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull,push");
        ValidatedToken parent = await host.AcceptAsync(access);
        var agent = (await host.PostAsync("/oauth/token", new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "keyed", ["client_secret"] = secret }))
            .GetProperty("access_token").GetString()!;
        ValidatedToken actor = await host.AcceptAsync(agent);
        if (what.Contains("key", StringComparison.Ordinal))
        {
            await host.Keys.RotateAsync(null, immediately: true, Stop);
        }

        var child = await ExchangeAsync(host, access, "git:acme/app@refs/heads/a/*:pull", "runner", agent);
        var grandchild = await ExchangeAsync(host, child, "git:acme/app@refs/heads/a/b:pull");
        ValidatedToken token = await host.AcceptAsync(grandchild);
        Assert.Equal(["token-exchange", "keyed"], token.Actors.Select(a => a.Subject));
        var cut = false;
        using IDisposable watch = host.Services.GetRequiredService<IRevocationList>().OnRevoked(token, () => cut = true);
        switch (what)
        {
            case "the parent": await host.Revocations.RevokeTokenAsync(parent.TokenId, Stop); break;
            case "the parent's session": await host.Revocations.RevokeSessionAsync(parent.SessionId!, Stop); break;
            case "the parent's subject": await host.Revocations.RevokeSubjectAsync("alice", Stop); break;
            case "the parent's client": await host.Revocations.RevokeClientAsync(OAuthFlow.ClientId, Stop); break;
            case "the client that made the child": await host.Revocations.RevokeClientAsync("runner", Stop); break;
            case "the actor's token": await host.Revocations.RevokeTokenAsync(actor.TokenId, Stop); break;
            case "the actor's subject": await host.Revocations.RevokeSubjectAsync("keyed", Stop); break;
            case "the actor's client": await host.Revocations.RevokeClientAsync("keyed", Stop); break;
            case "the key that signed them":
                Assert.True((await host.Keys.RevokeAsync(token.KeyId!, Stop)).Succeeded);
                break;
            default:
                Assert.NotEqual(parent.KeyId, token.KeyId);
                Assert.True((await host.Keys.RevokeAsync(parent.KeyId!, Stop)).Succeeded);
                break;
        }

        Assert.True(cut);
        foreach (var dead in new[] { child, grandchild })
        {
            Assert.Contains((await host.Gateway.ValidateAsync(dead, default, Stop)).Error, new[] { TokenError.Revoked, TokenError.KeyUnknown });
        }
    }

    [Fact]
    public async Task Who_acts_for_the_actor_stands_in_the_chain_and_the_child_ends_with_the_actors_token()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var writer = host.Services.GetRequiredService<AccessTokenWriter>();
        DateTimeOffset now = host.Clock.GetUtcNow();
        var parent = writer.Write(new AccessToken { Subject = "alice", Scope = "git:acme/app:pull", IssuedAt = now, ExpiresAt = now + TimeSpan.FromMinutes(15), Actors = [new Actor("shell")] });
        var actor = writer.Write(new AccessToken { Subject = "agent", Scope = "", IssuedAt = now, ExpiresAt = now + TimeSpan.FromMinutes(3), Actors = [new Actor("job")] });
        ValidatedToken child = await host.AcceptAsync(await ExchangeAsync(host, parent.Token, "git:acme/app@refs/heads/x:pull", null, actor.Token));
        Assert.Equal(["job", "agent", "shell"], child.Actors.Select(a => a.Subject));
        Assert.Equal(now.ToUnixTimeSeconds() + 180, child.ExpiresAt.ToUnixTimeSeconds());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)] // The other issuer's clock is ahead by as much.
    public async Task Workload_is_shut_out_by_its_issuer_and_subject_directly_and_through_us(int ahead)
    {
        using SigningKey key = SigningKey.Create();
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var index = host.Services.GetRequiredService<IRevocationList>();
        var gateway = new TokenValidator(
            [new TrustedIssuer { Issuer = Workloads, Audiences = [host.Address], KeySource = new SigningKeyRing(key), ClockSkew = TimeSpan.FromSeconds(60) }], host.Clock, index);
        var theirs = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(host.Clock.GetUtcNow() + TimeSpan.FromSeconds(ahead));
        var token = new TokenMinter(Workloads, key, theirs).Mint(new TokenRequest { Subject = "alice", Audiences = [host.Address], Scope = "git:acme/app:pull" }).Token!;
        Assert.Equal(TokenError.None, (await gateway.ValidateAsync(token, default, Stop)).Error);
        await host.Revocations.RevokeSubjectAsync($"{Workloads}|bob", Stop);
        Assert.Equal(TokenError.None, (await gateway.ValidateAsync(token, default, Stop)).Error);
        await host.Revocations.RevokeSubjectAsync($"{Workloads}|alice", Stop);
        Assert.Equal(TokenError.Revoked, (await gateway.ValidateAsync(token, default, Stop)).Error);
    }

    [Fact]
    public async Task Token_of_another_client_is_neither_revoked_nor_described()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var secret = await host.AddServiceClientAsync();
        var (access, refresh, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        foreach (var token in new[] { access, refresh })
        {
            var form = new Dictionary<string, string> { ["client_id"] = "ci", ["client_secret"] = secret, ["token"] = token };
            using HttpClient client = host.CreateClient();
            HttpResponseMessage revoked = await client.PostAsync("/oauth/revoke", new FormUrlEncodedContent(form), Stop);
            HttpResponseMessage described = await client.PostAsync("/oauth/introspect", new FormUrlEncodedContent(form), Stop);
            Assert.DoesNotContain("alice", await revoked.Content.ReadAsStringAsync(Stop) + await described.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
            Assert.DoesNotContain("\"active\":true", (await described.Content.ReadAsStringAsync(Stop)).Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        await host.AcceptAsync(access);
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh));
    }

    private static async Task<string> ExchangeAsync(AuthorityHost host, string subject, string scope, string? client = null, string? actor = null)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["subject_token"] = subject,
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
            ["scope"] = scope,
        };
        if (client is not null)
        {
            form["client_id"] = client;
        }

        if (actor is not null)
        {
            form["actor_token"] = actor;
            form["actor_token_type"] = "urn:ietf:params:oauth:token-type:access_token";
        }

        JsonElement answer = await host.PostAsync("/oauth/token", form);
        return answer.GetProperty("access_token").GetString()!;
    }
}
