using System.Net;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.Access.Permissions;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.OAuth;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Authority;

public sealed class TokenExchangeTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Holder_makes_a_smaller_token_that_names_the_actor_and_dies_with_its_parent()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (access, _, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull,push");
        ValidatedToken parent = await host.AcceptAsync(access);
        JsonElement answer = await host.PostAsync("/oauth/token", Form(access, "git:acme/app@refs/heads/agent/*:pull,push", OAuthFlow.ClientId));
        Assert.Equal("urn:ietf:params:oauth:token-type:access_token", answer.GetProperty("issued_token_type").GetString());
        var child = answer.GetProperty("access_token").GetString()!;
        ValidatedToken token = await host.AcceptAsync(child);
        Assert.Equal("alice", token.Subject);
        Assert.Equal(OAuthFlow.ClientId, Assert.Single(token.Actors).Subject);
        Assert.Equal(parent.SessionId, token.SessionId);
        Assert.True(token.ExpiresAt <= parent.ExpiresAt);
        Assert.False(answer.TryGetProperty("refresh_token", out _));

        // A grandchild dies with its grandparent, too.
        JsonElement grand = await host.PostAsync("/oauth/token", Form(child, "git:acme/app@refs/heads/agent/1:pull"));
        var grandchild = grand.GetProperty("access_token").GetString()!;
        Assert.Equal(["token-exchange", OAuthFlow.ClientId], (await host.AcceptAsync(grandchild)).Actors.Select(actor => actor.Subject));
        await host.Revocations.RevokeTokenAsync(parent.TokenId, Stop);
        await host.RefuseAsync(child, TokenError.Revoked);
        await host.RefuseAsync(grandchild, TokenError.Revoked);
    }

    [Fact]
    public async Task Copy_that_is_not_smaller_and_a_chain_that_is_too_long_are_refused()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (token, _, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        JsonElement same = await host.PostAsync("/oauth/token", Form(token, null), HttpStatusCode.BadRequest);
        Assert.Contains("smaller than its parent", same.GetProperty("error_description").GetString(), StringComparison.Ordinal);
        foreach (var scope in new[] { "git:acme/app@refs/heads/*:pull", "git:acme/app@refs/heads/a/*:pull", "git:acme/app@refs/heads/a/b/*:pull", "git:acme/app@refs/heads/a/b/c:pull" })
        {
            token = (await host.PostAsync("/oauth/token", Form(token, scope))).GetProperty("access_token").GetString()!;
        }

        Dictionary<string, string> fifth = Form(token, null);
        fifth["expires_in"] = "60";
        JsonElement refused = await host.PostAsync("/oauth/token", fifth, HttpStatusCode.BadRequest);
        Assert.Contains("at most 4 links", refused.GetProperty("error_description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoked_expired_and_forged_subject_tokens_are_refused()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (access, _, response) = await OAuthFlow.SignInAsync(host, "openid git:acme/app:pull");
        var parts = access.Split('.');
        var unsigned = $"{System.Buffers.Text.Base64Url.EncodeToString("""{"alg":"none","typ":"at+jwt"}"""u8)}.{parts[1]}.";
        foreach (var forged in new[] { unsigned, $"{parts[0]}.{parts[1]}.{new string('A', 86)}", access + "x", "x", response.GetProperty("id_token").GetString()! })
        {
            JsonElement refused = await host.PostAsync("/oauth/token", Form(forged, "git:acme/app@refs/heads/x:pull"), HttpStatusCode.BadRequest);
            Assert.Contains(refused.GetProperty("error").GetString(), new[] { "invalid_grant", "invalid_request" });
        }

        host.Clock.Advance(TimeSpan.FromMinutes(16));
        await host.PostAsync("/oauth/token", Form(access, "git:acme/app@refs/heads/x:pull"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Workload_token_becomes_one_of_ours_as_far_as_trust_goes()
    {
        using SigningKey key = SigningKey.Create();
        var issuer = new TrustedIssuer
        {
            Issuer = AuthorityHost.WorkloadIssuer, Audiences = [AuthorityHost.PublicUrl], Types = ["JWT"], KeySource = new StaticKeySetSource(KeySet.ParseJwks(System.Text.Encoding.UTF8.GetBytes($"{{\"keys\":[{key.ToJwk()}]}}"))),
        };
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { TrustedIssuers = [issuer] });
        string Token(string repository, string audience) => Jwt(key, host, repository, audience);
        Dictionary<string, string> Exchange(string token)
        {
            Dictionary<string, string> form = Form(token, null);
            form["subject_token_type"] = "urn:ietf:params:oauth:token-type:jwt";
            return form;
        }

        JsonElement answer = await host.PostAsync("/oauth/token", Exchange(Token("1234", AuthorityHost.PublicUrl)));
        Assert.Equal("git:acme/app@refs/tags/v*:create", answer.GetProperty("scope").GetString());
        ValidatedToken token = await host.AcceptAsync(answer.GetProperty("access_token").GetString()!);
        Assert.Equal($"{AuthorityHost.WorkloadIssuer}|repo:acme/app", token.Subject);
        await host.PostAsync("/oauth/token", Exchange(Token("9999", AuthorityHost.PublicUrl)), HttpStatusCode.BadRequest);
        await host.PostAsync("/oauth/token", Exchange(Token("1234", "https://other.example")), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task No_chain_of_exchanges_ever_widens_or_outlives()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var exchange = host.Services.GetRequiredService<TokenExchange>();
        var writer = host.Services.GetRequiredService<AccessTokenWriter>();
        var client = new ClientInfo { Id = "agent", Grants = [ClientGrant.TokenExchange] };
        Gen<string> repository = OneOf("acme/app", "acme/*", "*", "other/x", "ac*pp");
        Gen<string> refs = OneOf("", "@refs/heads/*", "@refs/heads/main", "@refs/heads/*,^refs/heads/main", "@refs/heads/a*b", "@refs/*,^refs/tags/*");
        Gen<string> actions = OneOf("pull", "push", "pull,push,force,delete", "create", "init");
        Gen<string> word = Gen.Frequency(
            (3, Gen.Select(repository, refs, actions, (r, f, a) => $"git:{r}{f}:{a}")),
            (1, OneOf("grafana:read", "grafana:write", "wiki:read")),
            (1, Gen.Select(repository, OneOf("pull", "push", "pull,push,delete"), (r, a) => $"registry:{r}:{a}")));
        Gen<string> scope = word.Array[1, 4].Select(words => string.Join(' ', words));
        Gen.Select(scope, scope.Array[1, 4], Gen.Int[1, 2000].Array[4]).Sample(
            (root, asks, lives) =>
            {
                DateTimeOffset now = host.Clock.GetUtcNow();
                var current = writer.Write(new AccessToken { Subject = "alice", Scope = root, IssuedAt = now, ExpiresAt = now + TimeSpan.FromMinutes(15), SessionId = "s" });
                for (var i = 0; i < asks.Length; i++)
                {
                    ValidatedToken parent = host.Gateway.ValidateAsync(current.Token, default, Stop).AsTask().GetAwaiter().GetResult().Token!;
                    AccessToken? child = exchange.Child(
                        parent, null, PermissionRequest.Read(asks[i], null, out _)!, client, now, now + TimeSpan.FromSeconds(lives[i]), out PermissionSet? granted, out _);
                    if (child is null)
                    {
                        return;
                    }

                    PermissionSet held = PermissionSet.FromScope(parent.Scope);
                    Assert.True(held.Covers(granted!), $"{asks[i]} of {parent.Scope} gave {granted}");
                    Assert.All(granted!.Scopes.Where(s => s.Registry is null), s => Assert.Contains(s.ToString(), parent.Scope!.Split(' ')));
                    Assert.True(child.ExpiresAt <= parent.ExpiresAt);
                    Assert.True(child.ExpiresAt < parent.ExpiresAt || !granted!.Covers(held));
                    Assert.Equal("s", child.SessionId);
                    Assert.Equal(i + 1, child.Actors.Count);
                    Assert.Contains(parent.TokenId, child.Parents);
                    current = writer.Write(child);
                }
            },
            iter: 2000);
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    internal static Dictionary<string, string> Form(string token, string? scope, string? clientId = null)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["subject_token"] = token,
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
        };
        if (scope is not null)
        {
            form["scope"] = scope;
        }

        if (clientId is not null)
        {
            form["client_id"] = clientId;
        }

        return form;
    }

    private static string Jwt(SigningKey key, AuthorityHost host, string repository, string audience)
    {
        static string Part(object value) => System.Buffers.Text.Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));
        var now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        var signed = Part(new { alg = key.Algorithm, typ = "JWT", kid = key.KeyId }) + "."
            + Part(new { iss = AuthorityHost.WorkloadIssuer, sub = "repo:acme/app", aud = audience, iat = now, exp = now + 300, jti = Guid.NewGuid().ToString(), repository_id = repository });
        return $"{signed}.{System.Buffers.Text.Base64Url.EncodeToString(key.Sign(System.Text.Encoding.ASCII.GetBytes(signed)))}";
    }
}
