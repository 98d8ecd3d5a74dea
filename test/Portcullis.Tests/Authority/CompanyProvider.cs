using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Portcullis.Authority.ExternalSignIn;
using Portcullis.EndToEnd.Harness;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Authority;

/// <summary>A company's OpenID provider that says of a person what the test wants it to say. Discovery, keys and the token endpoint are real; its own sign-in page is left out.</summary>
internal sealed class CompanyProvider : IAsyncDisposable
{
    private const string ClientId = "portcullis";
    private readonly WebApplication _app;
    private readonly SigningKey _key = SigningKey.Create();
    private readonly TimeProvider _clock;
    private JsonObject _claims = [];
    private string? _nonce;

    private CompanyProvider(WebApplication app, string issuer, TimeProvider clock)
    {
        _app = app;
        Issuer = issuer;
        _clock = clock;
    }

    public string Issuer { get; }

    public static async Task<CompanyProvider> StartAsync(TimeProvider clock)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var issuer = $"http://127.0.0.1:{FreePorts.Take()}";
        builder.WebHost.UseUrls(issuer);
        WebApplication app = builder.Build();
        var provider = new CompanyProvider(app, issuer, clock);
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new
        {
            issuer, authorization_endpoint = issuer + "/authorize", token_endpoint = issuer + "/token", jwks_uri = issuer + "/keys",
            response_types_supported = new[] { "code" }, subject_types_supported = new[] { "public" }, id_token_signing_alg_values_supported = new[] { "ES256" },
        }));
        app.MapGet("/keys", () => Results.Text($$"""{"keys":[{{provider._key.ToJwk()}}]}""", "application/json"));
        app.MapPost("/token", () => Results.Json(new { token_type = "Bearer", access_token = "unused", id_token = provider.IdentityToken() }));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    /// <summary>How an authority is told of this provider.</summary>
    public ExternalProvider Settings(string name = "company") => new() { Name = name, Issuer = Issuer, ClientId = ClientId };

    /// <summary>Signs a person in: what the provider says of them is in the claims.</summary>
    public async Task<TestPage> SignInAsync(TestBrowser browser, string subject, string name, object? groups, string provider = "company", (string Name, object Value)? other = null)
    {
        TestPage start = await browser.SubmitAsync(await browser.GetAsync("/login"), "/login/external/" + provider);
        var location = System.Net.WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Match(start.Text, "content=\"0;url=([^\"]+)\"").Groups[1].Value);
        Dictionary<string, Microsoft.Extensions.Primitives.StringValues> query = QueryHelpers.ParseQuery(new Uri(location).Query);
        _nonce = query["nonce"];
        _claims = new JsonObject { ["sub"] = subject, ["preferred_username"] = name };
        if (groups is not null)
        {
            _claims["groups"] = JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(groups));
        }

        if (other is { } extra)
        {
            _claims[extra.Name] = JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(extra.Value));
        }

        return await browser.GetAsync(QueryHelpers.AddQueryString(query["redirect_uri"].ToString(), new Dictionary<string, string?> { ["code"] = "a-code", ["state"] = query["state"] }));
    }

    private string IdentityToken()
    {
        var now = _clock.GetUtcNow().ToUnixTimeSeconds();
        JsonObject claims = _claims.DeepClone().AsObject();
        claims["iss"] = Issuer;
        claims["aud"] = ClientId;
        claims["iat"] = now;
        claims["exp"] = now + 300;
        claims["nonce"] = _nonce;
        var header = new JsonObject { ["alg"] = _key.Algorithm, ["typ"] = "JWT", ["kid"] = _key.KeyId };
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString()))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{signed}.{Base64Url.EncodeToString(_key.Sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
    }
}
