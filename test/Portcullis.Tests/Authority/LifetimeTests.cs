using System.Text.Json;
using Portcullis.Access;
using Portcullis.Access.Policies;

namespace Portcullis.Tests.Authority;

/// <summary>How long a token lives: as client, roles and the bound for all of them say.</summary>
public sealed class LifetimeTests
{
    private static readonly SourceLocation s_here = new("policy.yaml", 1);

    [Theory]
    [InlineData("git:acme/app:pull", null, 28_800)] // A reader's, for the reader's role gives all of it.
    [InlineData("git:acme/app@refs/heads/main:force", null, 300)]
    [InlineData(null, null, 300)]
    [InlineData("git:acme/app:pull", 60, 60)] // The client's own setting is shorter.
    [InlineData("git:acme/app@refs/heads/main:force", 3600, 300)] // The role's is.
    public async Task Token_lives_as_the_roles_say_that_give_what_is_in_it(string? scope, int? clientSeconds, int seconds)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { Policy = () => Policy, MaxAccessTokenLifetime = TimeSpan.FromHours(8) });
        var secret = await host.AddServiceClientAsync(configure: client => client with { AccessTokenLifetime = clientSeconds is { } s ? TimeSpan.FromSeconds(s) : null });
        Assert.Equal(seconds, await LifeAsync(host, secret, scope));
    }

    [Fact]
    public async Task No_role_makes_a_token_live_longer_than_any_may()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { Policy = () => Policy });
        Assert.Equal(3600, await LifeAsync(host, await host.AddServiceClientAsync(), "git:acme/app:pull"));
    }

    private static async Task<int> LifeAsync(AuthorityHost host, string secret, string? scope)
    {
        var form = new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret };
        if (scope is not null)
        {
            form["scope"] = scope;
        }

        JsonElement answer = await host.PostAsync("/oauth/token", form);
        using JsonDocument payload = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(answer.GetProperty("access_token").GetString()!.Split('.')[1]));
        return (int)(payload.RootElement.GetProperty("exp").GetInt64() - payload.RootElement.GetProperty("iat").GetInt64());
    }

    private static AccessPolicy Policy { get; } = Compile();

    private static AccessPolicy Compile()
    {
        static PolicyText Text(string value) => new(value, s_here);
        var definition = new PolicyDefinition
        {
            Roles =
            [
                new RoleDefinition(Text("reader"), [Text("git:{repository}:pull")]) { Lifetime = TimeSpan.FromHours(8) },
                new RoleDefinition(Text("maintainer"), [Text("git:{repository}:pull,push,force")]) { Lifetime = TimeSpan.FromMinutes(5) },
            ],
            Bindings =
            [
                new BindingDefinition(Text("reader"), [Text("acme/*")], [Text("client:*")], null, s_here),
                new BindingDefinition(Text("maintainer"), [Text("acme/*")], [Text("client:ci")], null, s_here),
            ],
        };
        return AccessPolicy.Compile(definition, out _)!;
    }
}
