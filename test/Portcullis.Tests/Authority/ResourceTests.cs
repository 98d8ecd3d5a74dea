using System.Net;
using System.Text.Json;

namespace Portcullis.Tests.Authority;

/// <summary>The <c>resource</c> parameter (RFC 8707): a token for one repository, by the address that git knows.</summary>
public sealed class ResourceTests
{
    private const string App = AuthorityHost.PublicUrl + "/acme/app.git";

    [Theory]
    [InlineData(App, null, "git:acme/app:pull")]
    [InlineData(AuthorityHost.PublicUrl + "/acme/app", null, "git:acme/app:pull")]
    [InlineData(AuthorityHost.PublicUrl + "/acme/app/", null, "git:acme/app:pull")]
    [InlineData(App, "git:*@refs/heads/main:pull,push", "git:acme/app@refs/heads/main:pull")]
    [InlineData(AuthorityHost.PublicUrl, null, "git:acme/app:pull")]
    [InlineData(AuthorityHost.PublicUrl + "/", null, "git:acme/app:pull")]
    public async Task Token_is_for_what_the_address_names_and_the_scope_allows(string resource, string? scope, string granted)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        Dictionary<string, string> form = await ClientFormAsync(host, resource, scope);
        JsonElement answer = await host.PostAsync("/oauth/token", form);
        Assert.Equal(granted, answer.GetProperty("scope").GetString());
        await host.AcceptAsync(answer.GetProperty("access_token").GetString()!);
    }

    [Theory]
    [InlineData("https://git.elsewhere.example/acme/app.git", "invalid_target")]
    [InlineData(AuthorityHost.PublicUrl + ".evil.example/acme/app", "invalid_target")]
    [InlineData(App + "?x=1", "invalid_target")]
    [InlineData(App + "#x", "invalid_request")]
    [InlineData(AuthorityHost.PublicUrl + "/acme/../other/thing", "invalid_target")]
    [InlineData(AuthorityHost.PublicUrl + "/acme/%2e%2e/app", "invalid_target")]
    [InlineData(AuthorityHost.PublicUrl + "/acme/*", "invalid_target")]
    [InlineData(AuthorityHost.PublicUrl + "/acme/app:pull", "invalid_target")]
    [InlineData(AuthorityHost.PublicUrl + "/oauth/token", "invalid_target")]
    [InlineData("acme/app", "invalid_request")]
    [InlineData(AuthorityHost.PublicUrl + "/acme/other", "invalid_scope")]
    public async Task Address_that_is_no_repository_here_and_one_that_the_policy_does_not_give_are_refused(string resource, string error)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        Assert.Equal(error, (await host.PostAsync("/oauth/token", await ClientFormAsync(host, resource, null), HttpStatusCode.BadRequest)).GetProperty("error").GetString());
    }

    [Fact]
    public async Task Scope_and_address_that_have_nothing_in_common_give_nothing()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        JsonElement refused = await host.PostAsync("/oauth/token", await ClientFormAsync(host, App, "git:acme/other:pull"), HttpStatusCode.BadRequest);
        Assert.Equal("invalid_scope", refused.GetProperty("error").GetString());
    }

    [Fact]
    public async Task Persons_login_stays_within_the_repositories_that_it_was_for()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var verifier = OAuthFlow.NewVerifier();
        var code = await OAuthFlow.GetCodeAsync(host, verifier, "openid", ("resource", App));
        JsonElement first = await host.PostAsync("/oauth/token", OAuthFlow.CodeForm(code, verifier));
        Assert.All(Permissions(first), permission => Assert.StartsWith("git:acme/app", permission, StringComparison.Ordinal));
        Assert.Contains(Permissions(first), permission => permission.EndsWith(":push,force,delete", StringComparison.Ordinal));

        // Later ones too, and narrower by the same parameter; never another repository.
        Dictionary<string, string> form = OAuthFlow.RefreshForm(first.GetProperty("refresh_token").GetString()!);
        JsonElement second = await host.PostAsync("/oauth/token", form);
        Assert.Equal(Permissions(first), Permissions(second));
        form = OAuthFlow.RefreshForm(second.GetProperty("refresh_token").GetString()!);
        form["resource"] = AuthorityHost.PublicUrl + "/acme/other.git";
        Assert.Equal("invalid_scope", (await host.PostAsync("/oauth/token", form, HttpStatusCode.BadRequest)).GetProperty("error").GetString());
    }

    [Fact]
    public async Task Code_for_many_repositories_gives_a_token_for_one()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var verifier = OAuthFlow.NewVerifier();
        Dictionary<string, string> form = OAuthFlow.CodeForm(await OAuthFlow.GetCodeAsync(host, verifier, "git:acme/*:pull"), verifier);
        form["resource"] = App;
        JsonElement first = await host.PostAsync("/oauth/token", form);
        Assert.Equal(["git:acme/app:pull"], Permissions(first));
        form = OAuthFlow.RefreshForm(first.GetProperty("refresh_token").GetString()!);
        form["resource"] = AuthorityHost.PublicUrl + "/acme/lib";
        Assert.Equal(["git:acme/lib:pull"], Permissions(await host.PostAsync("/oauth/token", form)));
    }

    [Theory]
    [InlineData("resource", App)]
    [InlineData("authorization_details", """[{"type":"git_repository","identifier":"acme/app","actions":["pull"]}]""")]
    public async Task Device_is_let_in_where_it_asked_and_nowhere_else(string name, string value)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        JsonElement device = await host.PostAsync("/oauth/device", new Dictionary<string, string> { ["client_id"] = OAuthFlow.ClientId, [name] = value });
        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", AuthorityHost.Password);
        TestPage ask = await browser.GetAsync("/device?user_code=" + device.GetProperty("user_code").GetString());
        Assert.DoesNotContain("acme/*", ask.Text, StringComparison.Ordinal);
        await browser.SubmitAsync(ask, "/device", ("decision", "allow"));
        JsonElement tokens = await host.PostAsync("/oauth/token", new Dictionary<string, string>
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["client_id"] = OAuthFlow.ClientId, ["device_code"] = device.GetProperty("device_code").GetString()!,
        });
        Assert.All(Permissions(tokens), permission => Assert.StartsWith("git:acme/app", permission, StringComparison.Ordinal));
        JsonElement again = await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(tokens.GetProperty("refresh_token").GetString()!));
        Assert.Equal(Permissions(tokens), Permissions(again));
    }

    private static string[] Permissions(JsonElement answer) =>
        [.. answer.GetProperty("scope").GetString()!.Split(' ').Where(word => word.StartsWith("git:", StringComparison.Ordinal))];

    private static async Task<Dictionary<string, string>> ClientFormAsync(AuthorityHost host, string resource, string? scope)
    {
        var form = new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = await host.AddServiceClientAsync(), ["resource"] = resource };
        if (scope is not null)
        {
            form["scope"] = scope;
        }

        return form;
    }
}
