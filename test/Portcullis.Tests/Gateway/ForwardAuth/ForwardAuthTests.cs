using System.Text;
using Portcullis.Audit;
using Portcullis.Gateway.ForwardAuth;
using Portcullis.Server.Configuration.Policies;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Gateway.ForwardAuth;

public sealed class ForwardAuthTests
{
    public static TheoryData<ForwardAuthProxy> Proxies => [.. Enum.GetValues<ForwardAuthProxy>()];

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task A_request_passes_when_its_token_has_what_the_rule_needs(ForwardAuthProxy proxy)
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(proxy);
        var token = server.Gateway.Token("app:read git:acme/app:pull", change: request => request with { TokenId = "t-1", ClientId = "cli", Groups = ["engineering", "a,b"], Actors = [new("agent-7")] });
        ForwardAuthServer.Answer answer = await server.AskAsync("GET", "app.example.com", "/dashboards?x=1", "Bearer " + token);
        Assert.Equal(200, answer.Status);
        Assert.Equal("alice", answer.Header("X-Auth-Request-User"));
        Assert.Equal("engineering,a%2Cb", answer.Header("X-Auth-Request-Groups"));
        Assert.Equal("agent-7", answer.Header("X-Auth-Request-Actor"));
        Assert.Equal("cli", answer.Header("X-Auth-Request-Client"));
        Assert.Equal("t-1", answer.Header("X-Auth-Request-Token-Id"));
        Assert.Equal("app:read", answer.Header("X-Auth-Request-Permission"));
        Assert.Equal("no-store", answer.Header("Cache-Control"));

        answer = await server.AskAsync("POST", "builds.example.com:8443", "/acme/app/42", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("oauth2:" + token)));
        Assert.Equal(200, answer.Status);
        Assert.Equal("git:acme/app:pull", answer.Header("X-Auth-Request-Permission"));
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Every_header_is_there_so_that_the_clients_own_cannot_stand_in_its_place(ForwardAuthProxy proxy)
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(proxy);
        ForwardAuthServer.Answer answer = await server.AskAsync(
            "GET", "app.example.com", "/", "Bearer " + server.Gateway.Token("app:read"), "X-Auth-Request-Groups: administrators", "X-Auth-Request-Actor: root");
        Assert.Equal("", answer.Header("X-Auth-Request-Groups"));
        Assert.Equal("", answer.Header("X-Auth-Request-Actor"));
        Assert.Equal("", answer.Header("X-Auth-Request-Client"));
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task No_token_and_a_bad_one_are_401_with_one_line_of_challenges(ForwardAuthProxy proxy)
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(proxy);
        ForwardAuthServer.Answer none = await server.AskAsync("GET", "app.example.com", "/", null);
        Assert.Equal(401, none.Status);
        Assert.Equal("Basic realm=\"Portcullis\", Bearer realm=\"https://git.example.com/oauth/token\", service=\"https://git.example.com\", scope=\"app:read\"", none.Header("WWW-Authenticate"));
        Assert.Contains("It needs app:read", none.Body, StringComparison.Ordinal);
        ForwardAuthServer.Answer bad = await server.AskAsync("GET", "app.example.com", "/", "Bearer nonsense");
        Assert.Equal(401, bad.Status);
        Assert.Contains("error=\"invalid_token\"", bad.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Empty(bad.Headers("X-Auth-Request-User"));
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task A_token_with_too_little_and_a_request_without_a_rule_are_403(ForwardAuthProxy proxy)
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(proxy);
        var token = "Bearer " + server.Gateway.Token("app:read app:write git:acme/app@refs/heads/main:pull");
        ForwardAuthServer.Answer admin = await server.AskAsync("GET", "app.example.com", "/admin/users", token);
        Assert.Equal(403, admin.Status);
        Assert.Contains("ask for a token with app:admin", admin.Body, StringComparison.Ordinal);
        Assert.Empty(admin.Headers("WWW-Authenticate"));
        Assert.Equal(200, (await server.AskAsync("DELETE", "app.example.com", "/x", token)).Status);
        Assert.Equal(403, (await server.AskAsync("GET", "builds.example.com", "/acme/app/1", token)).Status);
        foreach (var (host, target) in new[] { ("other.example.com", "/"), ("builds.example.com", "/acme/other/1"), ("builds.example.com", "/") })
        {
            ForwardAuthServer.Answer closed = await server.AskAsync("GET", host, target, token);
            Assert.Equal(403, closed.Status);
            Assert.StartsWith("No rule of this server", closed.Body, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task Questions_from_an_address_that_is_not_trusted_are_refused_unread(ForwardAuthProxy proxy)
    {
        // CVE-2025-64484: forwarded headers believed from anybody.
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(proxy, trusted: "192.0.2.0/24");
        ForwardAuthServer.Answer answer = await server.AskAsync("GET", "app.example.com", "/", "Bearer " + server.Gateway.Token("app:read"), "X-Forwarded-For: 192.0.2.1", "X-Real-IP: 192.0.2.1", "Forwarded: for=192.0.2.1");
        Assert.Equal(403, answer.Status);
        Assert.Empty(answer.Headers("X-Auth-Request-User"));
        AuditRecord record = Assert.Single(await server.AuditAsync()).Record!;
        Assert.Equal("proxy_not_trusted", record.Reason);
        Assert.Null(record.Subject);
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task A_path_that_servers_understand_in_different_ways_is_refused(ForwardAuthProxy proxy)
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(proxy);
        var token = "Bearer " + server.Gateway.Token("app:read app:write");
        foreach (var target in new[]
        {
            "/x/../admin/users", "/x/%2e%2e/admin/users", "/x/..%2fadmin", "/x%2f..%2fadmin", "//admin/users", "/x//admin", "/./admin/users", "/admin;x/users", "/x/..;/admin/users",
            "/%2561dmin/users", "/%61dmin%2fusers", "/x%00", "/x%5c..%5cadmin", "/Admin/users", "/ADMIN", "/%41dmin/users",
        })
        {
            ForwardAuthServer.Answer answer = await server.AskAsync("GET", "app.example.com", target, token);
            Assert.True(answer.Status is 403 or 400, $"{target} got {answer.Status}");
        }

        // One way to write it that everyone understands: the rule for it is found.
        ForwardAuthServer.Answer escaped = await server.AskAsync("GET", "app.example.com", "/%61dmin/users", token);
        Assert.Equal(403, escaped.Status);
        Assert.Contains("app:admin", escaped.Body, StringComparison.Ordinal);
        Assert.Equal(200, (await server.AskAsync("GET", "app.example.com", "/x?next=/../admin//%2f", token)).Status);
    }

    [Fact]
    public async Task A_clients_path_never_leads_out_of_the_question()
    {
        // Envoy puts the client's path behind ours. /healthz is answered 200 to everyone, which Envoy would take for a yes.
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(ForwardAuthProxy.Envoy);
        foreach (var target in new[] { "/../../healthz", "/%2e%2e/%2e%2e/healthz", "/..%2f../healthz", "/x/../../../healthz", "/../../token/jwks.json", "/..//../.well-known/jwks.json", "/../check" })
        {
            foreach (var authorization in new[] { null, "Bearer " + server.Gateway.Token("app:read") })
            {
                ForwardAuthServer.Answer answer = await server.AskAsync("GET", "app.example.com", target, authorization);
                Assert.True(answer.Status is 403 or 400, $"{target} got {answer.Status}");
            }
        }
    }

    [Theory]
    [InlineData(ForwardAuthProxy.Nginx, "X-Forwarded-Uri: /", "X-Forwarded-Method: GET", "X-Forwarded-Host: app.example.com")]
    [InlineData(ForwardAuthProxy.Nginx, "X-Original-URL: https://app.example.com/", "X-Rewrite-URL: /", "X-Original_URI: /")]
    [InlineData(ForwardAuthProxy.Caddy, "X-Original-URI: /", "X-Original-Method: GET", "X-Original-Host: app.example.com")]
    [InlineData(ForwardAuthProxy.Traefik, "X_Forwarded_Uri: /", "X_Forwarded_Method: GET", "X-Original-URI: /")]
    [InlineData(ForwardAuthProxy.Haproxy, "X-Forwarded-Path: /", "X-Forwarded-Prefix: /", "X-Envoy-Original-Path: /")]
    [InlineData(ForwardAuthProxy.Envoy, "X-Forwarded-Uri: /", "X-Original-URI: /", "X-Forwarded-Host: other.example.com")]
    [InlineData(ForwardAuthProxy.Envoy, ":path: /", "X-Envoy-Original-Path: /", "X-Original-Host: other.example.com")]
    public async Task Headers_of_another_convention_are_the_clients_own_and_change_nothing(ForwardAuthProxy proxy, params string[] spoofed)
    {
        // CVE-2026-40575: the client's header is read in place of the proxy's.
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(proxy);
        ForwardAuthServer.Answer answer = await server.AskAsync("GET", "app.example.com", "/admin/users", "Bearer " + server.Gateway.Token("app:read"), spoofed);
        Assert.True(answer.Status is 403 or 400, $"got {answer.Status}");
        Assert.Empty(answer.Headers("X-Auth-Request-User"));
    }

    [Theory]
    [InlineData(ForwardAuthProxy.Nginx, "X-Original-URI: /")]
    [InlineData(ForwardAuthProxy.Nginx, "X-Original-Method: GET")]
    [InlineData(ForwardAuthProxy.Nginx, "X-Original-Host: app.example.com")]
    [InlineData(ForwardAuthProxy.Caddy, "X-Forwarded-Uri: /")]
    [InlineData(ForwardAuthProxy.Traefik, "x-forwarded-uri: /")]
    [InlineData(ForwardAuthProxy.Haproxy, "X-Forwarded-Method: GET")]
    [InlineData(ForwardAuthProxy.Caddy, "X-Forwarded-Host: app.example.com")]
    public async Task A_header_that_is_there_twice_is_refused_and_so_is_one_that_is_missing(ForwardAuthProxy proxy, string line)
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(proxy);
        var token = "Bearer " + server.Gateway.Token("app:read app:admin");
        ForwardAuthServer.Answer twice = await server.AskAsync("GET", "app.example.com", "/", token, line);
        Assert.Equal(403, twice.Status);
        Assert.Contains("exactly one", twice.Body, StringComparison.Ordinal);

        string[] all = proxy == ForwardAuthProxy.Nginx
            ? ["X-Original-Method: GET", "X-Original-URI: /", "X-Original-Host: app.example.com"]
            : ["X-Forwarded-Method: GET", "X-Forwarded-Uri: /", "X-Forwarded-Host: app.example.com"];
        var name = line.Split(':')[0];
        ForwardAuthServer.Answer missing = await server.SendAsync(
            "GET /auth/check HTTP/1.1", [.. all.Where(header => !header.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)), "Authorization: " + token]);
        Assert.Equal(403, missing.Status);
        Assert.Equal(200, (await server.SendAsync("GET /auth/check HTTP/1.1", [.. all, "Authorization: " + token])).Status);
    }

    [Theory]
    [InlineData("get", "app.example.com")]
    [InlineData("G\u00C9T", "app.example.com")]
    [InlineData("GET POST", "app.example.com")]
    [InlineData("GET", "app.example.com, other.example.com")]
    [InlineData("GET", "app.example.com/")]
    [InlineData("GET", "user@app.example.com")]
    [InlineData("GET", "app.example.com:443:1")]
    [InlineData("GET", "app.example.com:")]
    [InlineData("GET", "..")]
    [InlineData("GET", ":443")]
    public async Task A_method_or_host_that_is_none_is_refused(string method, string host)
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(ForwardAuthProxy.Traefik, rules: ("", "*", "/*", "app:read"));
        Assert.Equal(403, (await server.AskAsync(method, host, "/", "Bearer " + server.Gateway.Token("app:read"))).Status);
    }

    [Theory]
    [InlineData("APP.example.COM", 200)]
    [InlineData("app.example.com.", 200)]
    [InlineData("app.example.com:8443", 200)]
    [InlineData("xapp.example.com", 403)]
    public async Task A_host_is_compared_without_case_port_and_last_dot(string host, int expected)
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(ForwardAuthProxy.Caddy);
        Assert.Equal(expected, (await server.AskAsync("GET", host, "/", "Bearer " + server.Gateway.Token("app:read"))).Status);
    }

    [Theory]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("X-HTTP-Method")]
    [InlineData("X-Method-Override")]
    public async Task A_method_in_a_header_is_refused_where_the_rule_is_for_certain_methods(string header)
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(ForwardAuthProxy.Caddy);
        var token = "Bearer " + server.Gateway.Token("app:read app:write");
        Assert.Equal(403, (await server.AskAsync("GET", "app.example.com", "/", token, header + ": DELETE")).Status);
        Assert.Equal(200, (await server.AskAsync("POST", "app.example.com", "/", token, header + ": DELETE")).Status);
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task A_token_in_a_query_a_cookie_or_another_header_is_none(ForwardAuthProxy proxy)
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(proxy);
        var token = server.Gateway.Token("app:read");
        Assert.Equal(401, (await server.AskAsync("GET", "app.example.com", "/?access_token=" + token, null)).Status);
        Assert.Equal(401, (await server.AskAsync("GET", "app.example.com", "/", null, "Cookie: token=" + token, "X-Auth-Request-Access-Token: " + token, "X-Forwarded-Access-Token: " + token)).Status);
        ForwardAuthServer.Answer two = await server.AskAsync("GET", "app.example.com", "/", "Bearer " + token, "Authorization: Bearer " + token);
        Assert.Equal(403, two.Status);
    }

    [Fact]
    public async Task Another_proxys_address_is_not_answered()
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(ForwardAuthProxy.Nginx);
        var token = "Authorization: Bearer " + server.Gateway.Token("app:read");
        Assert.Equal(403, (await server.SendAsync("GET /auth/check/ HTTP/1.1", "Host: app.example.com", token)).Status);
        Assert.Equal(403, (await server.SendAsync("GET /auth/check/x HTTP/1.1", "X-Original-Method: GET", "X-Original-URI: /", "X-Original-Host: app.example.com", token)).Status);
    }

    [Fact]
    public async Task What_is_revoked_does_not_pass()
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(ForwardAuthProxy.Caddy);
        var token = "Bearer " + server.Gateway.Token("app:read", change: request => request with { TokenId = "t-1" });
        Assert.Equal(200, (await server.AskAsync("GET", "app.example.com", "/", token)).Status);
        server.Gateway.Revocations.TryAdd(new RevocationEntry { Kind = RevocationKind.Token, Value = "t-1", ExpiresAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1) });
        ForwardAuthServer.Answer answer = await server.AskAsync("GET", "app.example.com", "/", token);
        Assert.Equal(401, answer.Status);
        Assert.Contains("revoked", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_of_the_policy_closes_what_a_token_would_open()
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(ForwardAuthProxy.Caddy);
        server.Gateway.Current = PolicyReader.Read("rules: [ { deny: [ 'app:admin' ] }, { repositories: [ acme/* ], deny: [ pull ] } ]"u8, "policy.yaml").Policy!;
        var token = "Bearer " + server.Gateway.Token("app:admin app:read git:acme/app:pull");
        Assert.Equal(200, (await server.AskAsync("GET", "app.example.com", "/", token)).Status);
        ForwardAuthServer.Answer refused = await server.AskAsync("GET", "app.example.com", "/admin/users", token);
        Assert.Equal(403, refused.Status);
        Assert.Contains("A rule of this server forbids it to everyone: deny app:admin.", refused.Body, StringComparison.Ordinal);
        Assert.Equal(403, (await server.AskAsync("GET", "builds.example.com", "/acme/app/1", token)).Status);
        Assert.Equal([null, "denied_by_rule", "denied_by_rule"], (await server.AuditAsync()).Select(entry => entry.Record!.Reason));
    }

    [Fact]
    public async Task Each_question_leaves_one_record_without_the_query()
    {
        await using ForwardAuthServer server = await ForwardAuthServer.StartAsync(ForwardAuthProxy.Caddy);
        await server.AskAsync("GET", "app.example.com", "/dashboards?password=hunter2", "Bearer " + server.Gateway.Token("app:read", change: request => request with { TokenId = "t-1" }), "User-Agent: browser");
        await server.AskAsync("POST", "app.example.com", "/admin/x", "Bearer " + server.Gateway.Token("app:read", "bob"));
        await server.AskAsync("GET", "app.example.com", "/", null);
        AuditRecord[] records = [.. (await server.AuditAsync()).Select(entry => entry.Record!)];
        Assert.Equal(["GET app.example.com/dashboards", "POST app.example.com/admin/x", "GET app.example.com/"], records.Select(record => record.Operation));
        Assert.Equal([null, "scope_missing", "credential_missing"], records.Select(record => record.Reason));
        Assert.Equal(["alice", "bob", null], records.Select(record => record.Subject));
        Assert.Equal([200, 403, 401], records.Select(record => record.Status));
        Assert.All(records, record => Assert.Equal("198.51.100.7", record.RemoteAddress!.ToString()));
        Assert.Equal("t-1", records[0].TokenId);
    }
}
