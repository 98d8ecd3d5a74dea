using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Portcullis.Audit;
using Portcullis.Authority.Clients;

namespace Portcullis.Tests.Authority;

/// <summary>Runs every flow, the right and the wrong way, with everything logged that can be; then looks for each secret in all that was written anywhere.</summary>
public sealed class SecretsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("portcullis-secrets-").FullName;
    private readonly Dictionary<string, string> _secrets = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_request_is_logged_by_its_address_or_given_an_activity()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();

        // The host gives each request an activity as soon as it could log the least of it.
        Assert.False(host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics").IsEnabled(LogLevel.Critical));
    }

    [Fact]
    public async Task No_secret_of_any_flow_is_in_logs_audit_or_database()
    {
        var audit = Path.Combine(_directory, "audit");
        string log;
        AuditLog auditLog = await AuditLog.OpenAsync(new AuditLogOptions { Directory = audit, ReserveBytes = 1 << 16 }, TimeProvider.System, Stop);
        await using (AuthorityHost host = await AuthorityHost.StartAsync(
            Path.Combine(_directory, "data"), o => o with { MaxFailuresPerAddress = 1000 }, services: services =>
            {
                services.AddSingleton(_ => auditLog);

                // The filters by which the authority keeps its libraries quiet are off: nothing may hang on them but what the libraries themselves say.
                services.AddLogging(logging => logging.AddFilter("Portcullis", LogLevel.Trace).AddFilter("Microsoft.AspNetCore", LogLevel.Trace));
            }))
        {
            await RunAsync(host);
            log = host.Log.Text;
            SqliteConnection.ClearAllPools();
        }

        Assert.True(_secrets.Count > 25);
        Assert.Contains("Trace ", log, StringComparison.Ordinal);
        AssertNone("the log", log);
        foreach (var file in Directory.GetFiles(audit))
        {
            AssertNone(Path.GetFileName(file), Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Stop)));
        }

        var databases = Directory.GetFiles(Path.Combine(_directory, "data"), "portcullis.db*");
        Assert.NotEmpty(databases);
        foreach (var file in databases)
        {
            AssertNone(Path.GetFileName(file), Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Stop)));
        }
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    private void Keep(string name, string? secret)
    {
        Assert.False(string.IsNullOrEmpty(secret), name);
        _secrets.Add(name, secret);
    }

    private void AssertNone(string where, string text)
    {
        IEnumerable<string> found = _secrets.Where(entry => text.Contains(entry.Value, StringComparison.Ordinal)).Select(entry => entry.Key);
        Assert.True(!found.Any(), $"In {where}: {string.Join(", ", found)}.");
    }

    private async Task RunAsync(AuthorityHost host)
    {
        Keep("enrolment secret", new Uri(host.Report.EnrolmentLink!).Fragment[1..]);
        Keep("password", "a passphrase of Alice's own");
        Keep("wrong password", "nobody has this passphrase");
        await host.AddAliceAsync("engineering");
        await host.Users.SetPasswordAsync("alice", _secrets["password"], Stop);
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        using (TestBrowser enrolling = host.CreateBrowser())
        {
            await enrolling.SubmitAsync(await enrolling.GetAsync("/login/enrol"), "/login/enrol", ("secret", _secrets["enrolment secret"]));
            Keep("first password", "the administrator's passphrase");
            await enrolling.SubmitAsync(await enrolling.GetAsync("/account"), "/account/password", ("new", _secrets["first password"]));
            await enrolling.SubmitAsync(await enrolling.GetAsync("/login/enrol"), "/login/enrol", ("secret", _secrets["enrolment secret"]));
        }

        using TestBrowser browser = host.CreateBrowser();
        await browser.SignInAsync("alice", _secrets["wrong password"]);
        await browser.SignInAsync("alice", _secrets["password"]);
        Keep("session cookie", browser.Cookies.GetCookies(new Uri(host.Address))["portcullis"]?.Value);
        await SecondStepAsync(host, browser);
        await CodeAsync(host, browser);
        await DeviceAsync(host, browser);
        await ServicesAsync(host);
        await ExchangeAsync(host);
        await host.Keys.RotateAsync(null, immediately: true, Stop);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Keep("imported key", key.ExportPkcs8PrivateKeyPem().Split('\n')[1]);
        await host.Keys.ImportAsync(key.ExportPkcs8PrivateKeyPem(), null, Stop);
        await host.Keys.ImportAsync(key.ExportPkcs8PrivateKeyPem(), "RS256", Stop);
    }

    private async Task SecondStepAsync(AuthorityHost host, TestBrowser browser)
    {
        TestPage setup = await browser.GetAsync("/account/code");
        Keep("authenticator key", Regex.Match(setup.Text, "secret=([A-Z2-7]+)").Groups[1].Value);
        TestPage codes = await browser.SubmitAsync(setup, "/account/code", ("code", Totp.Code(_secrets["authenticator key"], DateTimeOffset.UtcNow)));
        Keep("recovery code", Regex.Match(codes.Text, "<code>([^<]+)</code>").Groups[1].Value);
        Keep("other recovery code", Regex.Matches(codes.Text, "<code>([^<]+)</code>")[1].Groups[1].Value);
        using TestBrowser second = host.CreateBrowser();
        TestPage step = await second.SignInAsync("alice", _secrets["password"]);
        Keep("cookie between two steps", second.Cookies.GetCookies(new Uri(host.Address))["portcullis-step"]?.Value);
        Keep("wrong recovery code", "XXXXX-YYYYY");
        await second.SubmitAsync(step, "/login/code", ("code", _secrets["wrong recovery code"]));
        await second.SubmitAsync(step, "/login/code", ("code", _secrets["recovery code"]));
    }

    private async Task CodeAsync(AuthorityHost host, TestBrowser browser)
    {
        Keep("verifier", OAuthFlow.NewVerifier());
        TestPage consent = await browser.GetAsync(OAuthFlow.AuthorizeUrl(_secrets["verifier"], "openid email git:acme/app:pull,push"));
        Keep("form token", consent.FormFields("/oauth/authorize")["__RequestVerificationToken"]);
        TestPage answer = await browser.SubmitAsync(consent, "/oauth/authorize", ("decision", "allow"));
        Keep("code", QueryHelpers.ParseQuery(new Uri(answer.Location).Query)["code"].ToString());
        JsonElement first = await host.PostAsync("/oauth/token", OAuthFlow.CodeForm(_secrets["code"], _secrets["verifier"]));
        Keep("access token", first.GetProperty("access_token").GetString());
        Keep("identity token", first.GetProperty("id_token").GetString());
        Keep("refresh token", first.GetProperty("refresh_token").GetString());
        Keep("signature", _secrets["access token"].Split('.')[2]);
        JsonElement second = await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(_secrets["refresh token"]));
        Keep("second refresh token", second.GetProperty("refresh_token").GetString());
        using HttpClient client = host.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _secrets["access token"]);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/oauth/userinfo", Stop)).StatusCode);
        await host.PostAsync("/oauth/introspect", new Dictionary<string, string> { ["client_id"] = OAuthFlow.ClientId, ["token"] = _secrets["access token"] });
        await host.PostAsync("/oauth/introspect", new Dictionary<string, string> { ["client_id"] = OAuthFlow.ClientId, ["token"] = _secrets["second refresh token"] });
        await host.PostAsync("/oauth/revoke", new Dictionary<string, string> { ["client_id"] = OAuthFlow.ClientId, ["token"] = _secrets["second refresh token"] });
        Keep("forged token", _secrets["access token"][..^8] + "AAAAAAAA");
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _secrets["forged token"]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/oauth/userinfo", Stop)).StatusCode);
        await host.PostAsync("/oauth/token", OAuthFlow.CodeForm(_secrets["code"], _secrets["verifier"]), HttpStatusCode.BadRequest);
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(_secrets["refresh token"]), HttpStatusCode.BadRequest);
    }

    private async Task DeviceAsync(AuthorityHost host, TestBrowser browser)
    {
        JsonElement device = await host.PostAsync("/oauth/device", new Dictionary<string, string> { ["client_id"] = OAuthFlow.ClientId, ["scope"] = "git:acme/app:pull" });
        Keep("device code", device.GetProperty("device_code").GetString());
        Keep("user code", device.GetProperty("user_code").GetString());
        Dictionary<string, string> form = new() { ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["client_id"] = OAuthFlow.ClientId, ["device_code"] = _secrets["device code"] };
        await host.PostAsync("/oauth/token", form, HttpStatusCode.BadRequest);
        TestPage ask = await browser.GetAsync("/device?user_code=" + _secrets["user code"]);
        await browser.SubmitAsync(ask, "/device", ("decision", "allow"));
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        JsonElement tokens = await host.PostAsync("/oauth/token", form);
        Keep("device's access token", tokens.GetProperty("access_token").GetString());
        Keep("device's refresh token", tokens.GetProperty("refresh_token").GetString());
    }

    private async Task ServicesAsync(AuthorityHost host)
    {
        Keep("client secret", await host.AddServiceClientAsync());
        Keep("wrong client secret", "this-is-not-the-secret-of-ci");
        Dictionary<string, string> form = new() { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = _secrets["wrong client secret"] };
        await host.PostAsync("/oauth/token", form, HttpStatusCode.Unauthorized);
        form["client_secret"] = _secrets["client secret"];
        Keep("service's access token", (await host.PostAsync("/oauth/token", form)).GetProperty("access_token").GetString());
        using HttpClient client = host.CreateClient();
        Keep("basic credential", Convert.ToBase64String(Encoding.ASCII.GetBytes("ci:" + _secrets["client secret"])));
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", _secrets["basic credential"]);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("/oauth/token", new FormUrlEncodedContent([new("grant_type", "client_credentials")]), Stop)).StatusCode);
        Keep("replaced secret", (await host.Clients.ReplaceSecretAsync("ci", Stop)).Value!.Secret);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECParameters p = key.ExportParameters(true);
        static string Text(byte[]? value) => System.Buffers.Text.Base64Url.EncodeToString(value);
        Keep("private key of a client", Text(p.D));
        var jwks = JsonSerializer.Serialize(new { keys = new[] { new { kty = "EC", crv = "P-256", kid = "k", alg = "ES256", x = Text(p.Q.X), y = Text(p.Q.Y) } } });
        await host.Clients.AddAsync(new ClientInfo { Id = "keyed", Grants = [ClientGrant.ClientCredentials], IsConfidential = true, Jwks = jwks }, Stop);
        await host.Clients.AddAsync(new ClientInfo { Id = "careless", Grants = [ClientGrant.ClientCredentials], IsConfidential = true, Jwks = jwks.Replace("\"x\"", $"\"d\":\"{Text(p.D)}\",\"x\"", StringComparison.Ordinal) }, Stop);
        var now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        var signed = Text(JsonSerializer.SerializeToUtf8Bytes(new { alg = "ES256", kid = "k" })) + "."
            + Text(JsonSerializer.SerializeToUtf8Bytes(new { iss = "keyed", sub = "keyed", aud = host.Address, iat = now, exp = now + 60, jti = "a1" }));
        Keep("assertion", $"{signed}.{Text(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}");
        form = new() { ["grant_type"] = "client_credentials", ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", ["client_assertion"] = _secrets["assertion"] };
        Keep("keyed client's access token", (await host.PostAsync("/oauth/token", form)).GetProperty("access_token").GetString());
        await host.PostAsync("/oauth/token", form, HttpStatusCode.Unauthorized);
    }

    private async Task ExchangeAsync(AuthorityHost host)
    {
        Dictionary<string, string> form = new()
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["subject_token"] = _secrets["device's access token"],
            ["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
            ["actor_token"] = _secrets["service's access token"],
            ["actor_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
            ["scope"] = "git:acme/app@refs/heads/x:pull",
        };
        Keep("child token", (await host.PostAsync("/oauth/token", form)).GetProperty("access_token").GetString());
        form["subject_token"] = _secrets["forged token"];
        await host.PostAsync("/oauth/token", form, HttpStatusCode.BadRequest);
    }
}
