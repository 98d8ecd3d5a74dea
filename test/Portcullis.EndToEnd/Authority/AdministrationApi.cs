using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Authority;

/// <summary>What administrators do over HTTP, with the scope portcullis:admin; and that nobody else can.</summary>
public sealed class AdministrationApi(AuthoritySite site) : IClassFixture<AuthoritySite>
{
    private const string Scope = "portcullis:admin";

    private PortcullisServer Server => site.Server;

    [Fact]
    public async Task An_administrator_manages_users_clients_keys_and_revocations_and_the_audit_says_who()
    {
        using var root = site.Root();
        var token = await root.TokenAsync(Scope);
        Assert.Equal(Scope, OAuthPerson.Claims(token).GetProperty("scope").GetString());
        using var api = Client(token);

        var added = await SendAsync(api, HttpMethod.Post, "users", new { name = "mia", groups = new[] { "ops" } });
        Assert.StartsWith($"{Server.Url}/login/enrol#", added.GetProperty("enrolmentLink").GetString());
        Assert.Equal(2, (await SendAsync(api, HttpMethod.Put, "users/mia/groups", new[] { "a", "b" })).GetProperty("groups").GetArrayLength());
        Assert.True((await SendAsync(api, HttpMethod.Post, "users/mia/disable")).TryGetProperty("disabledAt", out _));
        await SendAsync(api, HttpMethod.Post, "users/mia/enable");
        Assert.Equal(0, (await SendAsync(api, HttpMethod.Get, "users/mia/sessions")).GetArrayLength());
        Assert.Contains((await SendAsync(api, HttpMethod.Get, "users")).EnumerateArray(), user => user.GetProperty("name").GetString() == "mia");
        await SendAsync(api, HttpMethod.Delete, "users/mia");
        await SendAsync(api, HttpMethod.Get, "users/mia", expected: HttpStatusCode.NotFound);

        var client = await SendAsync(api, HttpMethod.Post, "clients", new { id = "miabot", grants = new[] { "client_credentials" }, confidential = true, trusted = false, ceiling = new[] { "git:acme/*:pull" } });
        Assert.NotEmpty(client.GetProperty("secret").GetString()!);
        Assert.Equal("git:acme/*:pull", (await SendAsync(api, HttpMethod.Get, "clients/miabot")).GetProperty("ceiling")[0].GetString());
        await SendAsync(api, HttpMethod.Post, "clients", new { id = "x", grants = new[] { "password" }, confidential = true, trusted = false }, HttpStatusCode.BadRequest);
        await SendAsync(api, HttpMethod.Delete, "clients/miabot");

        var key = await SendAsync(api, HttpMethod.Post, "keys", new { immediately = false });
        Assert.Equal("next", key.GetProperty("state").GetString());
        Assert.Equal("revoked", (await SendAsync(api, HttpMethod.Post, $"keys/{key.GetProperty("keyId").GetString()}/revoke")).GetProperty("state").GetString());

        await SendAsync(api, HttpMethod.Post, "revocations", new { kind = "session", value = "somebodys" }, HttpStatusCode.NoContent);
        Assert.Equal("session", (await SendAsync(api, HttpMethod.Get, "revocations"))[0].GetProperty("kind").GetString());
        var refused = await SendAsync(api, HttpMethod.Post, "revocations", new { kind = "tokenId", value = token }, HttpStatusCode.BadRequest);
        Assert.DoesNotContain(token, refused.GetRawText());

        var recorded = Server.Audit.Read().Where(line => AuditTrail.Is(line, "event", "administration") && AuditTrail.Is(line, "subject", "root") && AuditTrail.Is(line, "issuer", Server.Url) && AuditTrail.Is(line, "outcome", "allowed"))
            .Select(line => AuditTrail.Text(line, "operation")).ToList();
        Assert.Equal(
            ["user.add", "user.groups", "user.disable", "user.enable", "user.remove", "client.add", "client.remove", "key.rotate", "key.revoke", "revoke.session"], recorded);

        // At once, not when the token has run out. Somebody of this test alone: others sign in as root meanwhile.
        await AuthoritySite.AddPersonAsync(Server, "boss", "--administrator");
        using var boss = new OAuthPerson(Server.Url, "boss", AuthoritySite.Password);
        using var asBoss = Client(await boss.TokenAsync(Scope));
        await SendAsync(asBoss, HttpMethod.Get, "users");
        (await Server.CommandAsync("user", "disable", "boss")).ShouldSucceed();
        await SendAsync(asBoss, HttpMethod.Get, "users", expected: HttpStatusCode.Unauthorized, or: HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Nobody_else_is_let_in()
    {
        using var anonymous = Client(null);
        await SendAsync(anonymous, HttpMethod.Get, "users", expected: HttpStatusCode.Unauthorized);

        // Who is no administrator does not get the scope, whatever they ask for.
        using var alice = site.Alice();
        var token = await alice.TokenAsync($"{Scope} git:*:pull");
        Assert.DoesNotContain(Scope, OAuthPerson.Claims(token).GetProperty("scope").GetString());
        using var asAlice = Client(token);
        await SendAsync(asAlice, HttpMethod.Get, "users", expected: HttpStatusCode.Forbidden);

        // Nor does a token that says so and is signed here, but for somebody who is none; nor an administrator's ordinary token.
        using var asNobody = Client(await Server.TokenAsync("alice", "git:*:pull"));
        await SendAsync(asNobody, HttpMethod.Post, "keys", new { immediately = true }, HttpStatusCode.Forbidden);
        using var root = site.Root();
        using var asRoot = Client(await root.TokenAsync("git:*:pull"));
        await SendAsync(asRoot, HttpMethod.Get, "keys", expected: HttpStatusCode.Forbidden);

        // A browser adds Basic by itself: it does not count here.
        using var basic = Client(null);
        basic.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"x:{token}")));
        await SendAsync(basic, HttpMethod.Get, "users", expected: HttpStatusCode.Unauthorized);

        Assert.Contains(Server.Audit.Read(), line => AuditTrail.Is(line, "event", "administration") && AuditTrail.Is(line, "outcome", "refused") && AuditTrail.Is(line, "subject", "alice"));
    }

    [Fact]
    public async Task The_description_names_every_operation()
    {
        using var http = new HttpClient();
        var description = JsonDocument.Parse(await http.GetStringAsync($"{Server.Url}/api/v1/openapi.json")).RootElement;
        Assert.StartsWith("3.", description.GetProperty("openapi").GetString());
        var operations = description.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}")).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(
            [
                "DELETE /api/v1/clients/{id}", "DELETE /api/v1/users/{name}", "GET /api/v1/clients", "GET /api/v1/clients/{id}", "GET /api/v1/keys", "GET /api/v1/revocations", "GET /api/v1/users",
                "GET /api/v1/users/{name}", "GET /api/v1/users/{name}/sessions", "POST /api/v1/clients", "POST /api/v1/clients/{id}/secret", "POST /api/v1/keys", "POST /api/v1/keys/{keyId}/revoke",
                "POST /api/v1/revocations", "POST /api/v1/users", "POST /api/v1/users/{name}/disable", "POST /api/v1/users/{name}/enable", "POST /api/v1/users/{name}/enrolment",
                "PUT /api/v1/users/{name}/groups",
            ],
            operations);
        Assert.All(description.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()), operation => Assert.NotEmpty(operation.Value.GetProperty("summary").GetString()!));
        Assert.True(description.GetProperty("components").GetProperty("securitySchemes").GetProperty("oauth2").GetProperty("flows").GetProperty("authorizationCode").GetProperty("scopes").TryGetProperty(Scope, out _));
    }

    private HttpClient Client(string? token)
    {
        var client = new HttpClient { BaseAddress = new Uri($"{Server.Url}/api/v1/") };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return client;
    }

    private static async Task<JsonElement> SendAsync(
        HttpClient client, HttpMethod method, string path, object? body = null, HttpStatusCode expected = HttpStatusCode.OK, HttpStatusCode? or = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected || response.StatusCode == or, $"{method} {path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone();
    }
}
