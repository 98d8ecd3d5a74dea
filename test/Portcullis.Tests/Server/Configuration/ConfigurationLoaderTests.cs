using Portcullis.Server.Configuration;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Tests.Server.Configuration;

public sealed class ConfigurationLoaderTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_file_the_defaults_work()
    {
        var loaded = _folder.Load(null);
        var options = loaded.Options;
        Assert.Null(loaded.File);
        Assert.False(loaded.IsPolicyGiven);
        Assert.Empty(loaded.Warnings);
        Assert.Equal(["http://127.0.0.1:7080"], options.Server.Listen);
        Assert.Equal("http://127.0.0.1:7080", options.Server.PublicUrl);
        Assert.Equal(In("data"), options.Data);
        Assert.Equal($"Data Source={In("data")}/portcullis.db", options.Database);
        Assert.Equal(In("data", "repositories"), options.Repositories.Root);
        Assert.Equal(In("data", "audit"), options.Audit.Directory);
        Assert.Equal(In("policy.yaml"), options.Policy);
        Assert.True(options.Authority.Enabled);
        Assert.Equal(TimeSpan.FromMinutes(15), options.Authority.AccessTokenLifetime);
        Assert.Equal(100_000, options.Limits.MaxRefCommands);
        Assert.Equal(64 << 20, options.Limits.MaxFetchRequestBytes);
        Assert.True(options.Limits.MaxConcurrentGitProcesses >= 8);
    }

    [Fact]
    public void A_file_in_the_current_folder_is_found()
    {
        _folder.Write("portcullis.yaml", "data: ./elsewhere");
        Assert.Equal(In("elsewhere"), _folder.Load(null).Options.Data);
        Assert.Equal(In("portcullis.yaml"), _folder.Load(null).File);
    }

    [Fact]
    public void Every_key_of_the_specification_is_understood()
    {
        foreach (var file in new[] { "cert.pem", "key.pem", "idp-keys.json", "hs256.key", "policy.yaml" })
        {
            _folder.Write(file, "");
        }
        var options = _folder.Load("""
            server:       { listen: ["https://*:7443", "http://127.0.0.1:7080"], publicUrl: "https://git.example.com/", certificate: { path: cert.pem, keyPath: key.pem } }
            data:         ./kept
            database:     "Host=db;Database=portcullis"
            repositories: { root: /srv/git }
            authority:    { enabled: true, accessTokenLifetime: 20m, refreshTokenLifetime: 60d, signingAlgorithm: PS256, rotateSigningKeyEvery: 90d }
            issuers:
              - issuer: https://idp.example.com
                jwks: ./idp-keys.json
                algorithms: [ RS256, ES256 ]
                types: [ at+jwt, JWT ]
                maxLifetime: 2h
                permissions: token
                ceiling: [ "git:acme/*:pull,push" ]
              - issuer: internal
                audience: https://other.example.com
                secretFile: ./hs256.key
              - issuer: https://found.example.com/tenant
            policy:       ./policy.yaml
            audit:        { directory: ./log, required: false }
            limits:       { maxPushBytes: 2GiB, requestsPerMinute: 600 }
            """).Options;
        Assert.Equal("https://git.example.com", options.Server.PublicUrl);
        Assert.Equal(In("cert.pem"), options.Server.Certificate!.Path);
        Assert.Equal(In("key.pem"), options.Server.Certificate.KeyPath);
        Assert.Equal("/srv/git", options.Repositories.Root);
        Assert.Equal("Host=db;Database=portcullis", options.Database);
        Assert.Equal(In("kept", "gitconfig"), options.Git.Configuration);
        Assert.Equal(In("log"), options.Audit.Directory);
        Assert.False(options.Audit.Required);
        Assert.Equal(TimeSpan.FromDays(60), options.Authority.RefreshTokenLifetime);
        Assert.Equal("PS256", options.Authority.SigningAlgorithm);
        Assert.Equal(2L << 30, options.Limits.MaxPushBytes);
        var (idp, secret, found) = (options.Issuers[0], options.Issuers[1], options.Issuers[2]);
        Assert.Equal(In("idp-keys.json"), idp.Jwks);
        Assert.Equal("https://git.example.com", idp.Audience);
        Assert.Equal(["RS256", "ES256"], idp.Algorithms);
        Assert.Equal(PermissionSource.Token, idp.Permissions);
        Assert.Equal(["git:acme/*:pull,push"], idp.Ceiling);
        Assert.Equal("https://other.example.com", secret.Audience);
        Assert.Equal(["HS256"], secret.Algorithms);
        Assert.Equal(PermissionSource.Policy, found.Permissions);
        Assert.Equal(["ES256", "RS256"], found.Algorithms);
        Assert.Null(found.Ceiling);
    }

    [Fact]
    public void Everything_wrong_is_said_at_once_and_where()
    {
        _folder.Write("hs.key", "");
        _folder.Write("keys.json", "");
        var problems = _folder.Problems("""
            server:
              listen: [ "https://*:7443", "ftp://x", "http://127.0.0.1:7080/git" ]
              publicUrl: https://git.example.com/git
              lissten: x
            dtaa: ./x
            authority:
              accessTokenLifetime: 15
              signingAlgorithm: HS256
              enabled: yes
              rotateSigningKeyEvery: 5m
              maxExchangeDepth: -1
            issuers:
              - issuer: https://a.example
                jwks: keys.json
                secretFile: hs.key
              - issuer: https://b.example
                algorithms: [ RS256, HS256 ]
              - issuer: https://b.example
                algorithms: [ HS256 ]
                ceiling: [ "git:acme/app:pul" ]
              - issuer: http://c.example
              - jwks: https://d.example/keys
              - issuer: https://e.example
                secretFile: hs.key
                algorithms: [ ES256 ]
                jwks: 
              - issuer: https://f.example
                jwks: http://f.example/keys
                permissions: tokens
                types: [ id+jwt ]
            policy: nowhere.yaml
            audit: { node: "a/b", maxFileBytes: 1KiB }
            limits: { maxPushBytes: lots, maxRefCommands: 0, maxFetchRequestBytes: 4GiB }
            """);
        string[] expected =
        [
            "portcullis.yaml:2:11: an https address needs 'certificate'",
            "portcullis.yaml:2:31: 'ftp://x' is no address to listen on",
            "portcullis.yaml:2:42: 'http://127.0.0.1:7080/git' is no address",
            "portcullis.yaml:3:14: 'https://git.example.com/git' is no public address",
            "portcullis.yaml:4:3: there is no setting 'lissten' here; did you mean 'listen'?",
            "portcullis.yaml:5:1: there is no setting 'dtaa' here; did you mean 'data'?",
            "portcullis.yaml:7:24: '15' is no duration; write 90s, 15m, 1h30m or 30d",
            "portcullis.yaml:8:21: 'HS256' is not known here; did you mean 'ES256'?",
            "portcullis.yaml:9:12: 'yes' is neither true nor false",
            "portcullis.yaml:10:26: '5m' is outside of 1h to 730d, or 0",
            "portcullis.yaml:11:21: '-1' is no whole number",
            "portcullis.yaml:15:17: an issuer has public keys or a shared secret, not both",
            "portcullis.yaml:17:17: algorithms of a shared secret (HS256 and so on) never stand beside",
            "portcullis.yaml:18:13: this issuer stands here twice",
            "portcullis.yaml:19:17: HS256, HS384 and HS512 need 'secretFile'",
            "portcullis.yaml:20:16: 'git:acme/app:pul': 'pul' is no action; did you mean 'pull'?",
            "portcullis.yaml:21:13: its keys can be discovered only at an https:// URL",
            "portcullis.yaml:22:5: 'issuer' is missing",
            "portcullis.yaml:25:17: with 'secretFile' the algorithms are HS256",
            "portcullis.yaml:28:11: keys are fetched from https:// only",
            "portcullis.yaml:29:18: 'tokens' is not known here; did you mean 'token'?",
            "portcullis.yaml:30:14: 'id+jwt' is not known here; did you mean 'at+jwt'?",
            "portcullis.yaml:31:9: there is no file '",
            "portcullis.yaml:32:16: a node's name has 1 to 63",
            "portcullis.yaml:32:37: '1KiB' is outside of 64KiB to 16GiB",
            "portcullis.yaml:33:25: 'lots' is no size",
            "portcullis.yaml:33:47: '0' is outside of 1 to 10000000",
            "portcullis.yaml:33:72: '4GiB' is outside of 64KiB to 1GiB",
        ];
        for (var i = 0; i < Math.Min(expected.Length, problems.Count); i++)
        {
            Assert.StartsWith(expected[i], problems[i], StringComparison.Ordinal);
        }
        Assert.Equal(expected.Length, problems.Count);
    }

    [Theory]
    [InlineData("server: { certificate: { path: c.pem } }", "portcullis.yaml:1:24: no address under 'listen' begins with https://")]
    [InlineData("server: { requestClientCertificate: true }", "portcullis.yaml:1:37: client certificates need an https address")]
    [InlineData("server: { listen: [] }", "portcullis.yaml:1:19: there is no address to listen on")]
    [InlineData("server: { listen: [ 'http://a:1', 'http://A:1/' ] }", "portcullis.yaml:1:35: this address stands here twice")]
    [InlineData("server: { certificate: {} }", "portcullis.yaml:1:24: 'path' is missing")]
    [InlineData("authority: { enabled: false }", "portcullis.yaml:1:23: without the authority and without 'issuers'")]
    [InlineData("authority: { localAccounts: false }", "portcullis.yaml:1:29: without local accounts and 'providers'")]
    [InlineData("authority: { accessTokenLifetime: 2h }", "portcullis.yaml:1:35: access tokens live for at most 1h")]
    [InlineData("authority: { rotateSigningKeyEvery: 12h }", "portcullis.yaml:1:12: the next key would be published before")]
    [InlineData("authority: { additionalSigningAlgorithms: [ ES256 ] }", "portcullis.yaml:1:45: ES256 is named twice")]
    [InlineData("authority: { providers: [ { name: 'a b', issuer: 'http://x.example', clientId: x } ] }", "portcullis.yaml:1:35: a provider's name has")]
    [InlineData("authority: { providers: [ { name: a, issuer: 'https://x.example', clientId: x, administrators: [ admins, '' ] } ] }", "portcullis.yaml:1:106: a group has a name")]
    [InlineData("issuers: [ { issuer: 'http://127.0.0.1:7080' } ]", "portcullis.yaml:1:22: this is the built-in authority's own name")]
    [InlineData("issuers: [ { issuer: 'https://a.example', algorithms: [] } ]", "portcullis.yaml:1:55: no token could be accepted")]
    [InlineData("issuers: [ { issuer: 'https://a.example', ceiling: [] } ]", "portcullis.yaml:1:52: nothing would be allowed")]
    [InlineData("issuers: [ { issuer: 'https://a.example', jwks: nokeys.json } ]", "portcullis.yaml:1:49: there is no file")]
    [InlineData("issuers: { issuer: x }", "portcullis.yaml:1:10: here belongs a list")]
    [InlineData("server: [ x ]", "portcullis.yaml:1:9: here belong keys with their values")]
    [InlineData("data: [ x ]", "portcullis.yaml:1:7: here belongs a single value")]
    [InlineData("data: ''", "portcullis.yaml:1:7: here belongs a path")]
    [InlineData("- x", "portcullis.yaml:1:1: here belong keys with their values")]
    [InlineData("x", "portcullis.yaml:1:1: here belong keys with their values")]
    [InlineData("data: a\ndata: b", "portcullis.yaml:2:1: 'data' stands here twice; the first one is in line 1")]
    [InlineData("data: &a x", "portcullis.yaml:1:7: this is not YAML: anchors and aliases are not accepted")]
    [InlineData("data: *a", "portcullis.yaml:1:7: this is not YAML: anchors and aliases are not accepted")]
    [InlineData("data: !!str x", "portcullis.yaml:1:7: this is not YAML: tags are not accepted")]
    [InlineData("data: x\n---\ndata: y", "portcullis.yaml:2:1: this is not YAML: a second document begins")]
    [InlineData("data: [", "portcullis.yaml:2:1: this is not YAML: while parsing")]
    [InlineData("data: x\n\tserver: y", "portcullis.yaml:1:7: this is not YAML: while scanning")]
    [InlineData("? [ a ]\n: b", "portcullis.yaml:1:3: a key is a single word")]
    [InlineData("server: { realm: 'a\"b' }", "portcullis.yaml:1:18: a realm is printable ASCII")]
    public void Mistakes_are_found_where_they_are(string yaml, string problem)
    {
        _folder.Write("c.pem", "");
        var problems = _folder.Problems(yaml);
        Assert.StartsWith(problem, problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Files_beyond_all_bounds_are_refused()
    {
        Assert.Contains("larger than 1024 KiB", Assert.Single(_folder.Problems("data: " + new string('x', 2 << 20))), StringComparison.Ordinal);
        Assert.Contains("too many levels", Assert.Single(_folder.Problems(new string('[', 100_000))), StringComparison.Ordinal);
        Assert.Contains("too many values", Assert.Single(_folder.Problems("data: [" + string.Concat(Enumerable.Repeat("a,", 200_000)) + "]")), StringComparison.Ordinal);
        var laughs = "a: &a [x,x,x]\n" + string.Concat(Enumerable.Range(0, 20).Select(i => $"b{i}: &b{i} [*a,*a,*a]\n"));
        Assert.Contains("aliases", Assert.Single(_folder.Problems(laughs)), StringComparison.Ordinal);
        File.WriteAllBytes(Path.Combine(_folder.Root, "portcullis.yaml"), [0xff, 0xfe, 0x41]);
        Assert.Contains("not UTF-8", Assert.Single(_folder.Problems(null)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_file_has_to_be_there()
    {
        var exception = Assert.Throws<ConfigurationException>(() => ConfigurationLoader.Load("missing.yaml", new Dictionary<string, string>(), _folder.Root));
        Assert.Equal("missing.yaml: there is no such file", exception.Problems[0].ToString());
    }

    [Fact]
    public void The_environment_counts_over_the_file()
    {
        var options = _folder.Load(
            """
            server: { listen: [ "http://127.0.0.1:1", "http://127.0.0.1:2" ] }
            limits: { requestsPerMinute: 5, maxRefCommands: 7 }
            """,
            ("PORTCULLIS__SERVER__LISTEN__1", "http://127.0.0.1:3"),
            ("PORTCULLIS__SERVER__LISTEN__2", "http://127.0.0.1:4"),
            ("PORTCULLIS__LIMITS__REQUESTSPERMINUTE", "9"),
            ("PORTCULLIS__AUTHORITY__PROVIDERS__0__NAME", "corp"),
            ("PORTCULLIS__AUTHORITY__PROVIDERS__0__ISSUER", "https://idp.example"),
            ("PORTCULLIS__AUTHORITY__PROVIDERS__0__CLIENTID", "true"),
            ("PORTCULLIS__AUTHORITY__PROVIDERS__0__GROUPS__Staff", "engineering"),
            ("PORTCULLIS__AUDIT__REQUIRED", ""),
            ("PORTCULLIS_TOKEN", "ignored"),
            ("OTHER", "ignored")).Options;
        Assert.Equal(["http://127.0.0.1:1", "http://127.0.0.1:3", "http://127.0.0.1:4"], options.Server.Listen);
        Assert.Equal(9, options.Limits.RequestsPerMinute);
        Assert.Equal(7, options.Limits.MaxRefCommands);
        Assert.Equal("corp", options.Authority.Providers[0].Name);
        Assert.Equal("true", options.Authority.Providers[0].ClientId);
        Assert.Equal("engineering", options.Authority.Providers[0].Groups["Staff"]);
        Assert.True(options.Audit.Required);
    }

    [Fact]
    public void Mistakes_in_the_environment_are_named_by_their_variable()
    {
        var problems = _folder.Problems(
            null,
            ("PORTCULLIS__SERVER__LISTEN", "http://127.0.0.1:1"),
            ("PORTCULLIS__SERVER__LISSTEN__0", "x"),
            ("PORTCULLIS__SERVER__PUBLICURL", "git.example.com"),
            ("PORTCULLIS__ISSUERS__1__ISSUER", "x"),
            ("PORTCULLIS__ISSUERS__first__ISSUER", "x"),
            ("PORTCULLIS__DATA__X", "x"),
            ("PORTCULLIS__AUTHORITY", "x"),
            ("PORTCULLIS__LIMITS__MAXPUSHBYTES", "lots"));
        Assert.Equal(
            [
                "PORTCULLIS__AUTHORITY: this is a section; set what is in it, as PORTCULLIS__AUTHORITY__NAME",
                "PORTCULLIS__DATA__X: nothing can be set below PORTCULLIS__DATA",
                "PORTCULLIS__ISSUERS__1__ISSUER: PORTCULLIS__ISSUERS__0 is missing, so this one has no place",
                "PORTCULLIS__ISSUERS__first__ISSUER: this is a list; its items are PORTCULLIS__ISSUERS__0 and so on",
                "PORTCULLIS__LIMITS__MAXPUSHBYTES: 'lots' is no size; write a number of bytes, or 64KiB, 20MiB, 2GiB",
                "PORTCULLIS__SERVER__LISSTEN__0: there is no such setting; did you mean PORTCULLIS__SERVER__LISTEN?",
                "PORTCULLIS__SERVER__LISTEN: this is a list; set PORTCULLIS__SERVER__LISTEN__0 and so on",
                "PORTCULLIS__SERVER__PUBLICURL: 'git.example.com' is no public address; write https://git.example.com, without a path",
            ],
            problems);
    }

    [Fact]
    public void A_secret_is_not_repeated_in_a_message()
    {
        var problem = Assert.Single(_folder.Problems(null, ("PORTCULLIS__DATABASE__PASSWORD", "hunter2")));
        Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", string.Concat(_folder.Problems("database: [ hunter2 ]")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server: { listen: [ 'http://*:7080' ] }", "http://*:7080 can be reached by others")]
    [InlineData("server: { publicUrl: 'http://git.example.com' }", "this address is not encrypted")]
    public void Unencrypted_addresses_that_others_reach_are_warned_of(string yaml, string warning)
    {
        Assert.StartsWith(warning, Assert.Single(_folder.Load(yaml).Warnings).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("250ms", 250)]
    [InlineData("90s", 90_000)]
    [InlineData("15m", 900_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("30d", 2_592_000_000)]
    public void Accepts_durations(string text, long milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
        Assert.True(Durations.TryParse(Durations.Format(duration), out var again));
        Assert.Equal(duration, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("15")]
    [InlineData("15 m")]
    [InlineData("m")]
    [InlineData("-5m")]
    [InlineData("1.5h")]
    [InlineData("30m1h")]
    [InlineData("5m5m")]
    [InlineData("15M")]
    [InlineData("999999999d")]
    [InlineData("99999999999s")]
    [InlineData("15m\n")]
    public void Rejects_other_durations(string text)
    {
        Assert.False(Durations.TryParse(text, out _));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("100", 100)]
    [InlineData("100B", 100)]
    [InlineData("64KiB", 65_536)]
    [InlineData("20 MB", 20_000_000)]
    [InlineData("2GiB", 2_147_483_648)]
    public void Accepts_sizes(string text, long bytes)
    {
        Assert.True(Sizes.TryParse(text, out var size));
        Assert.Equal(bytes, size);
        Assert.True(Sizes.TryParse(Sizes.Format(size), out var again));
        Assert.Equal(size, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("-1")]
    [InlineData("1.5GB")]
    [InlineData("5mb")]
    [InlineData("5  MB")]
    [InlineData("999999999999999TiB")]
    public void Rejects_other_sizes(string text)
    {
        Assert.False(Sizes.TryParse(text, out _));
    }

    private string In(params string[] parts) => Path.Combine([_folder.Root, .. parts]);
}
