using System.Net;
using System.Text.Json;
using Portcullis.Access.Permissions;
using Portcullis.Authority.Pages;
using Portcullis.Tokens;

namespace Portcullis.Tests.Authority;

public sealed class ServiceScopeTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_carries_the_scopes_that_were_asked_for_and_that_the_policy_gives()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync("observers");
        var (access, _, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull grafana:read grafana:write wiki:read registry:acme/app:pull,push,delete registry:other/app:pull");
        ValidatedToken token = await host.AcceptAsync(access);
        Assert.Equal("git:acme/app:pull grafana:read registry:acme/app:pull,push", token.Scope);
    }

    [Fact]
    public async Task Nothing_is_given_to_whom_the_policy_does_not_name()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync();
        var form = new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret, ["scope"] = "grafana:read registry:acme/app:pull" };
        JsonElement refused = await host.PostAsync("/oauth/token", form, HttpStatusCode.BadRequest);
        Assert.Equal("invalid_scope", refused.GetProperty("error").GetString());
        form["scope"] = "grafana:read git:acme/app:pull";
        JsonElement granted = await host.PostAsync("/oauth/token", form);
        Assert.Equal("git:acme/app:pull", granted.GetProperty("scope").GetString());
        form["scope"] = "git:acme/app:pull registry:acme/app:everything";
        refused = await host.PostAsync("/oauth/token", form, HttpStatusCode.BadRequest);
        Assert.Contains("pull, push and delete", refused.GetProperty("error_description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_rule_denies_is_in_no_token_for_a_service_that_knows_no_rules()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync("observers");
        var (access, _, _) = await OAuthFlow.SignInAsync(host, "grafana:read registry:acme/frozen:pull,push registry:acme/app:push");
        Assert.Equal("grafana:read registry:acme/frozen:pull registry:acme/app:push", (await host.AcceptAsync(access)).Scope);
    }

    [Fact]
    public async Task A_clients_ceiling_holds_for_scopes_of_other_services_too()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync("observer", client => client with { Ceiling = ["git:acme/app:pull", "grafana:read", "registry:acme/app:pull"] });
        JsonElement all = await host.PostAsync("/oauth/token", new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = "observer",
            ["client_secret"] = secret,
        });
        Assert.Equal("grafana:read registry:acme/app:pull", all.GetProperty("scope").GetString());
    }

    [Fact]
    public async Task A_child_token_has_no_scope_that_its_parent_has_not()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync("observers");
        var (access, _, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull grafana:read");
        JsonElement child = await host.PostAsync("/oauth/token", TokenExchangeTests.Form(access, "grafana:read grafana:admin registry:acme/app:pull"));
        Assert.Equal("grafana:read", child.GetProperty("scope").GetString());
        ValidatedToken token = await host.AcceptAsync(child.GetProperty("access_token").GetString()!);
        Assert.Equal("grafana:read", token.Scope);
    }

    [Theory]
    [InlineData("grafana:read", "Use grafana: read")]
    [InlineData("registry:acme/app:pull", "Pull image repository acme/app in the container registry")]
    [InlineData("registry:acme/*:pull,push", "Pull and push to every image repository below acme/ in the container registry")]
    [InlineData("registry:*:delete", "Delete every image repository in the container registry")]
    public void A_person_who_is_asked_reads_it_in_plain_words(string scope, string expected) =>
        Assert.Equal(expected, PermissionWords.Describe(Assert.Single(PermissionSet.FromScope(scope).Scopes)));
}
