using System.Text;

namespace Portcullis.EndToEnd.Services;

/// <summary>The guide's file with the real nginx.</summary>
public sealed class NginxRecipe(NginxSite site) : ForwardAuthRecipe(site), IClassFixture<NginxSite>;

/// <summary>The guide's file with the real Caddy.</summary>
public sealed class CaddyRecipe(CaddySite site) : ForwardAuthRecipe(site), IClassFixture<CaddySite>;

/// <summary>The guide's files with the real HAProxy.</summary>
public sealed class HaproxyRecipe(HaproxySite site) : ForwardAuthRecipe(site), IClassFixture<HaproxySite>;

/// <summary>What each proxy is held to.</summary>
public abstract class ForwardAuthRecipe(ProxySite site)
{
    [Fact]
    public Task The_recipe_lets_pass_what_a_token_opens_and_nothing_else() => site.InTurnAsync(async () =>
    {
        var before = site.ServiceRequests;
        var reader = await site.Server.TokenAsync("alice", "app:read");
        var admin = await site.Server.TokenAsync("root", "app:read", "app:write", "app:admin");

        // No token: the challenge comes through, the service hears nothing.
        var none = await site.SendAsync("GET", "/", null);
        Assert.Equal(401, none.Status);
        var challenge = string.Join(", ", none.Headers("WWW-Authenticate"));
        Assert.Contains("Basic realm=", challenge);
        Assert.Contains("scope=\"app:read\"", challenge);
        Assert.Equal(401, (await site.SendAsync("GET", "/", "nonsense")).Status);
        Assert.Equal(401, (await site.SendAsync("GET", $"/?access_token={reader}", null, null, $"Cookie: token={reader}")).Status);
        Assert.Equal(403, (await site.SendAsync("GET", "/admin/users", reader)).Status);
        Assert.Equal(403, (await site.SendAsync("POST", "/", reader, "x=1"u8.ToArray())).Status);
        Assert.Equal(before, site.ServiceRequests);

        // A yes: who asks is said by Portcullis alone, and the token stays with the proxy.
        var allowed = await site.SendAsync(
            "GET", "/reports?year=2031", reader, null, "X-Auth-Request-User: root", "X-Auth-Request-Groups: administrators", "X-Auth-Request-Actor: nobody");
        Assert.True(allowed.Status == 200, $"{allowed.Status} {allowed.Text}\n{site.Log}");
        var seen = allowed.Text.Split("\r\n");
        Assert.StartsWith("GET /reports?year=2031 ", seen[0]);
        Assert.Equal(["alice"], Values(seen, "X-Auth-Request-User"));
        Assert.Equal(["app:read"], Values(seen, "X-Auth-Request-Permission"));
        Assert.DoesNotContain(Values(seen, "X-Auth-Request-Groups"), value => value.Length > 0);
        Assert.DoesNotContain(Values(seen, "X-Auth-Request-Actor"), value => value.Length > 0);
        Assert.Empty(Values(seen, "Authorization"));
        Assert.DoesNotContain(reader, allowed.Text);

        var posted = await site.SendAsync("POST", "/admin/users", admin, Encoding.UTF8.GetBytes("name=" + new string('x', 5000)));
        Assert.True(posted.Status == 200, posted.Text);
        Assert.EndsWith("xxxxx", posted.Text);
        Assert.Equal(["root"], Values(posted.Text.Split("\r\n"), "X-Auth-Request-User"));

        var basic = await site.SendAsync("GET", "/", null, null, "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("x-access-token:" + reader)));
        Assert.Equal(200, basic.Status);
    });

    [Fact]
    public Task What_a_client_says_of_its_own_request_is_not_believed() => site.InTurnAsync(async () =>
    {
        // CVE-2025-64484 and CVE-2026-40575: forwarded headers of the client's, underscores for dashes, one header twice.
        var before = site.ServiceRequests;
        var reader = await site.Server.TokenAsync("alice", "app:read");
        foreach (var header in new[]
        {
            "X-Original-URI: /", "X-Original-Method: GET", "X-Original-Host: app.example.com", "X-Original-URL: http://app.example.com/", "X-Rewrite-URL: /",
            "X-Forwarded-Uri: /", "X-Forwarded-Method: GET", "X-Forwarded-Host: app.example.com", "X_Original_URI: /", "X_Forwarded_Uri: /", "X-Forwarded-For: 127.0.0.1",
            "Connection: X-Forwarded-Uri, X-Original-URI, X-Forwarded-Method",
        })
        {
            var answer = await site.SendAsync("GET", "/admin/users", reader, null, header, header);
            Assert.True(answer.Status is 403 or 400, $"{header} got {answer.Status}");
            answer = await site.SendAsync("POST", "/", reader, [], header);
            Assert.True(answer.Status is 403 or 400, $"POST with {header} got {answer.Status}");
        }

        Assert.Equal(before, site.ServiceRequests);
    });

    [Fact]
    public Task A_path_that_the_service_could_read_otherwise_does_not_pass() => site.InTurnAsync(async () =>
    {
        var before = site.ServiceRequests;
        var reader = await site.Server.TokenAsync("alice", "app:read");
        foreach (var target in new[]
        {
            "/x/../admin/users", "/x/%2e%2e/admin/users", "/x%2f..%2fadmin", "//admin/users", "/x//admin", "/./admin/users", "/admin;x=1/users", "/x/..;/admin/users",
            "/%2561dmin", "/Admin/users", "/%61dmin/users", "/%41DMIN/users", "/x%00/admin", "/x%5c..%5cadmin", "/../../healthz", "/..%2f..%2fhealthz",
        })
        {
            var answer = await site.SendAsync("GET", target, reader);
            Assert.True(answer.Status is 403 or 400 or 404, $"{target} got {answer.Status} {answer.Text}");
        }

        Assert.Equal(before, site.ServiceRequests);
    });

    [Fact]
    public Task Without_an_answer_nothing_passes() => site.InTurnAsync(async () =>
    {
        var before = site.ServiceRequests;
        var reader = await site.Server.TokenAsync("alice", "app:read");
        Assert.Equal(200, (await site.SendAsync("GET", "/", reader)).Status);
        await site.Server.StopAsync();
        var answer = await site.SendAsync("GET", "/", reader);
        Assert.InRange(answer.Status, 500, 504);
        Assert.Equal(before + 1, site.ServiceRequests);
        await site.Server.StartAsync();
        Assert.Equal(200, (await site.SendAsync("GET", "/", reader)).Status);
    });

    private static IEnumerable<string> Values(string[] lines, string name) =>
        lines.Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim());
}
