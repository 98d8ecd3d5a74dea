using System.Text.Json;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Tokens;

public sealed class TokenValidatorTests
{
    private const string Thumbprint = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0";

    public static TheoryData<string> Algorithms => [.. SignatureAlgorithms.Asymmetric, .. SignatureAlgorithms.Symmetric];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Accepts_a_token_of_every_algorithm(string algorithm)
    {
        var fixture = new TokenFixture(algorithm);
        string token = fixture.Mint();

        TokenResult first = await fixture.ValidateAsync(token);
        TokenResult again = await fixture.ValidateAsync(token);

        Assert.Equal(TokenError.None, first.Error);
        Assert.Equal("alice", first.Token!.Subject);
        Assert.Equal(algorithm, first.Token.Algorithm);
        Assert.Same(first.Token, again.Token);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Refuses_a_token_with_any_one_character_changed(string algorithm)
    {
        var fixture = new TokenFixture(algorithm);
        string token = fixture.Mint();
        Assert.True((await fixture.ValidateAsync(token)).IsValid);

        // Every bit of every character, whatever part it is in; the low seven, since the eighth is no ASCII. One bit of each for the slow cousins of ES256 and RS256.
        bool thorough = algorithm is "ES256" or "RS256" or "HS256";
        for (int i = 0; i < token.Length; i++)
        {
            for (int bit = thorough ? 0 : i % 7; bit < (thorough ? 7 : (i % 7) + 1); bit++)
            {
                char[] changed = token.ToCharArray();
                changed[i] ^= (char)(1 << bit);

                Assert.False((await fixture.ValidateAsync(new string(changed))).IsValid, $"bit {bit} of character {i}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Many_threads_validate_at_once(string algorithm)
    {
        var fixture = new TokenFixture(algorithm);
        fixture.Validator = new TokenValidator([fixture.Settings], fixture.Time, options: new TokenValidatorOptions { CacheCapacity = 0 });
        string good = fixture.Mint();
        string[] parts = good.Split('.');
        string bad = $"{parts[0]}.{parts[1]}.{fixture.Mint().Split('.')[2]}";

        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            Assert.Equal(i % 2 == 0 ? TokenError.None : TokenError.SignatureInvalid, (await fixture.ValidateAsync(i % 2 == 0 ? good : bad)).Error));
    }

    [Fact]
    public async Task Refuses_a_token_cut_anywhere()
    {
        var fixture = new TokenFixture();
        string token = fixture.Mint();

        for (int i = 0; i < token.Length; i++)
        {
            Assert.False((await fixture.ValidateAsync(token[..i])).IsValid);
            Assert.False((await fixture.ValidateAsync(token[(i + 1)..])).IsValid);
        }
    }

    [Fact]
    public async Task Tells_what_the_token_says()
    {
        var fixture = new TokenFixture();
        string token = fixture.Mint(TokenFixture.Request with
        {
            Audiences = [TokenFixture.Audience, "https://other.example"],
            ClientId = "ci",
            SessionId = "s-1",
            TokenId = "t-1",
            Roles = ["developer"],
            Groups = ["engineering", "ops"],
            Actors = [new Actor("agent", "https://agents.example"), new Actor("bob")],
            AuthorizationDetails = [JsonElement.Parse("""{"type":"git_repository","identifier":"acme/app"}""")],
            NotBefore = fixture.Time.GetUtcNow(),
        });

        ValidatedToken told = (await fixture.ValidateAsync(token)).Token!;

        Assert.Equal(TokenFixture.Issuer, told.Issuer);
        Assert.Equal([TokenFixture.Audience, "https://other.example"], told.Audiences);
        Assert.Equal(fixture.Time.GetUtcNow().AddMinutes(15), told.ExpiresAt);
        Assert.Equal(fixture.Time.GetUtcNow(), told.IssuedAt);
        Assert.Equal(fixture.Time.GetUtcNow(), told.NotBefore);
        Assert.Equal(("ci", "s-1", "t-1"), (told.ClientId, told.SessionId, told.TokenId));
        Assert.Equal("git:acme/app:pull", told.Scope);
        Assert.Equal(["developer"], told.Roles);
        Assert.Equal(["engineering", "ops"], told.Groups);
        Assert.Equal([new Actor("agent", "https://agents.example"), new Actor("bob")], told.Actors);
        Assert.Equal("acme/app", told.AuthorizationDetails.Single().GetProperty("identifier").GetString());
        Assert.Equal(fixture.Key.KeyId, told.KeyId);
        Assert.Equal("at+jwt", told.Type);
        Assert.Same(fixture.Settings, told.IssuerSettings);
        Assert.DoesNotContain(token, told.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gives_claims_as_text_only_where_they_have_one_text()
    {
        var bench = new AttackBench();
        string token = bench.WithRawClaim("extra", """1,"text":"a","flag":true,"float":1.0,"exponent":1e0,"nothing":null,"list":["a",2],"mixed":["a",{}],"object":{}""");
        ValidatedToken told = (await bench.Validator.ValidateAsync(token, cancellationToken: TestContext.Current.CancellationToken)).Token!;

        string?[] texts = [.. new[] { "extra", "text", "flag", "float", "exponent", "nothing", "list", "object", "absent" }.Select(n => told.TryGetClaim(n, out string? v) ? v : null)];

        Assert.Equal(["1", "a", "true", null, null, null, null, null, null], texts);
        Assert.True(told.TryGetClaimValues("list", out IReadOnlyList<string>? list));
        Assert.Equal(["a", "2"], list);
        Assert.True(told.TryGetClaimValues("text", out list));
        Assert.Equal(["a"], list);
        Assert.False(told.TryGetClaimValues("mixed", out _));
    }

    [Fact]
    public async Task A_token_expires_on_the_second_remembered_or_not()
    {
        var fixture = new TokenFixture();
        string seen = fixture.Mint();
        string unseen = fixture.Mint();
        Assert.True((await fixture.ValidateAsync(seen)).IsValid);

        fixture.Time.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(29));
        Assert.True((await fixture.ValidateAsync(seen)).IsValid);
        fixture.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(TokenError.Expired, (await fixture.ValidateAsync(seen)).Error);
        TokenResult refused = await fixture.ValidateAsync(unseen);
        Assert.Equal(TokenError.Expired, refused.Error);
        Assert.Equal("The token expired 30 seconds ago. Get a new one.", refused.Description);
    }

    [Fact]
    public async Task A_clock_set_back_makes_a_remembered_token_one_from_the_future()
    {
        var fixture = new TokenFixture();
        var clock = new SettableClock(fixture.Time.GetUtcNow());
        var validator = new TokenValidator([fixture.Settings], clock);
        string token = fixture.Mint();
        Assert.True((await validator.ValidateAsync(token, cancellationToken: TestContext.Current.CancellationToken)).IsValid);

        clock.Now -= TimeSpan.FromHours(1);

        Assert.Equal(TokenError.IssuedInFuture, (await validator.ValidateAsync(token, cancellationToken: TestContext.Current.CancellationToken)).Error);
    }

    [Fact]
    public async Task A_remembered_token_dies_with_its_key()
    {
        var fixture = new TokenFixture();
        string token = fixture.Mint();
        Assert.True((await fixture.ValidateAsync(token)).IsValid);

        using var next = SigningKey.Create();
        fixture.Ring!.Add(next);
        Assert.True((await fixture.ValidateAsync(token)).IsValid);
        fixture.Ring.Activate(next.KeyId!);
        Assert.True((await fixture.ValidateAsync(token)).IsValid);
        fixture.Ring.Remove(fixture.Key.KeyId!);

        Assert.Equal(TokenError.KeyUnknown, (await fixture.ValidateAsync(token)).Error);
    }

    [Theory]
    [InlineData(RevocationKind.Token, "t-1")]
    [InlineData(RevocationKind.Session, "s-1")]
    [InlineData(RevocationKind.Subject, "alice")]
    [InlineData(RevocationKind.Subject, "agent")]
    [InlineData(RevocationKind.Client, "ci")]
    [InlineData(RevocationKind.Key, null)]
    public async Task A_remembered_token_dies_when_it_is_revoked(RevocationKind kind, string? value)
    {
        var fixture = new TokenFixture();
        string token = fixture.Mint(TokenFixture.Request with { TokenId = "t-1", SessionId = "s-1", ClientId = "ci", Actors = [new Actor("agent")] });
        Assert.True((await fixture.ValidateAsync(token)).IsValid);

        Assert.True(fixture.Revocations.TryAdd(new RevocationEntry { Kind = kind, Value = value ?? fixture.Key.KeyId!, ExpiresAt = fixture.Time.GetUtcNow().AddHours(1) }));

        Assert.Equal(TokenError.Revoked, (await fixture.ValidateAsync(token)).Error);
    }

    [Fact]
    public async Task A_list_that_counts_no_versions_is_asked_every_time()
    {
        var fixture = new TokenFixture();
        var list = new UnversionedList();
        fixture.Validator = new TokenValidator([fixture.Settings], fixture.Time, list);
        string token = fixture.Mint();
        Assert.True((await fixture.ValidateAsync(token)).IsValid);

        list.RevokesAll = true;

        Assert.Equal(TokenError.Revoked, (await fixture.ValidateAsync(token)).Error);
    }

    [Fact]
    public async Task A_remembered_token_outlives_the_revocation_of_others()
    {
        var fixture = new TokenFixture();
        string token = fixture.Mint();
        TokenResult before = await fixture.ValidateAsync(token);

        fixture.Revocations.TryAdd(new RevocationEntry { Kind = RevocationKind.Subject, Value = "bob", ExpiresAt = fixture.Time.GetUtcNow().AddHours(1) });

        Assert.Same(before.Token, (await fixture.ValidateAsync(token)).Token);
        Assert.Same(before.Token, (await fixture.ValidateAsync(token)).Token);
    }

    [Fact]
    public async Task A_bound_token_opens_nothing_without_its_certificate_remembered_or_not()
    {
        var fixture = new TokenFixture();
        string token = fixture.Mint(TokenFixture.Request with { CertificateThumbprint = Thumbprint });

        Assert.Equal(TokenError.CertificateMismatch, (await fixture.ValidateAsync(token)).Error);
        Assert.True((await fixture.ValidateAsync(token, new TokenContext(Thumbprint))).IsValid);
        Assert.Equal(TokenError.CertificateMismatch, (await fixture.ValidateAsync(token)).Error);
        Assert.Equal(TokenError.CertificateMismatch, (await fixture.ValidateAsync(token, new TokenContext(Thumbprint.Replace('b', 'c')))).Error);
        Assert.True((await fixture.ValidateAsync(token, new TokenContext(Thumbprint))).IsValid);
    }

    [Fact]
    public async Task The_skew_is_granted_both_ways()
    {
        var bench = new AttackBench();
        foreach (string token in (string[])
            [
                bench.WithClaims(c => { c["iat"] = bench.Now + 30; c["exp"] = bench.Now + 60; }),
                bench.WithClaims(c => c["nbf"] = bench.Now + 30),
                bench.WithClaims(c => { c["iat"] = bench.Now - 100; c["exp"] = bench.Now - 29; }),
                bench.WithClaims(c => c["exp"] = bench.Now + 3600),
            ])
        {
            Assert.Equal(TokenError.None, (await bench.Validator.ValidateAsync(token, cancellationToken: TestContext.Current.CancellationToken)).Error);
        }
    }

    [Fact]
    public async Task Remembers_no_more_tokens_than_allowed_and_still_validates_all()
    {
        var fixture = new TokenFixture();
        fixture.Validator = new TokenValidator([fixture.Settings], fixture.Time, options: new TokenValidatorOptions { CacheCapacity = 4 });
        string[] tokens = [.. Enumerable.Range(0, 20).Select(_ => fixture.Mint())];

        foreach (string token in (string[])[.. tokens, .. tokens])
        {
            Assert.True((await fixture.ValidateAsync(token)).IsValid);
        }

        Assert.InRange(fixture.Validator.RememberedTokens, 1, 4);
    }

    [Fact]
    public async Task A_token_refused_for_its_signature_is_valid_once_its_issuer_publishes_the_key()
    {
        var fixture = new TokenFixture();
        string token = fixture.Mint();
        SigningKey other = SigningKey.Create();
        var source = new ChangingSource(other.ToJwk().Replace(other.KeyId!, fixture.Key.KeyId, StringComparison.Ordinal));
        fixture.Validator = new TokenValidator([fixture.Settings with { KeySource = source }], fixture.Time);
        Assert.Equal(TokenError.SignatureInvalid, (await fixture.ValidateAsync(token)).Error);
        Assert.Equal(TokenError.SignatureInvalid, (await fixture.ValidateAsync(token)).Error);

        source.Publish(fixture.Key.ToJwk());

        Assert.Equal(TokenError.None, (await fixture.ValidateAsync(token)).Error);
    }

    [Fact]
    public async Task A_remembered_refusal_hides_no_earlier_one_and_no_neighbour()
    {
        var fixture = new TokenFixture();
        fixture.Validator = new TokenValidator([fixture.Settings], fixture.Time, options: new TokenValidatorOptions { RefusedCapacity = 1 });
        string[] good = [.. Enumerable.Range(0, 8).Select(_ => fixture.Mint())];
        string signature = fixture.Mint().Split('.')[2];
        string[] bad = [.. good.Select(token => token[..(token.LastIndexOf('.') + 1)] + signature)];
        for (int i = 0; i < good.Length; i++)
        {
            // All fall on the one place that there is.
            Assert.Equal(TokenError.SignatureInvalid, (await fixture.ValidateAsync(bad[i])).Error);
            Assert.Equal(TokenError.None, (await fixture.ValidateAsync(good[i])).Error);
        }

        fixture.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(TokenError.Expired, (await fixture.ValidateAsync(bad[^1])).Error);
    }

    [Fact]
    public void Unsafe_settings_of_an_issuer_are_all_named_at_once()
    {
        var settings = new TrustedIssuer
        {
            Issuer = "",
            Audiences = [],
            Algorithms = ["RS256", "HS256", "none"],
            Types = [],
            MaxLifetime = TimeSpan.Zero,
            ClockSkew = TimeSpan.FromHours(1),
            KeySource = new SigningKeyRing(),
        };

        Assert.Equal(7, settings.FindProblems().Count);
        Assert.Throws<ArgumentException>(() => new TokenValidator([settings], TimeProvider.System));
    }

    [Fact]
    public void Algorithms_of_a_secret_are_refused_for_public_keys_and_the_other_way_round()
    {
        var secret = new StaticKeySetSource(SharedSecret.ToKeySet(new byte[32], 256, null));

        Assert.Single(Settings(["HS256"], new SigningKeyRing()).FindProblems());
        Assert.Single(Settings(["ES256"], secret).FindProblems());
        Assert.Empty(Settings(["HS256", "HS512"], secret).FindProblems());
        Assert.Empty(Settings(["ES256", "PS512"], new SigningKeyRing()).FindProblems());

        static TrustedIssuer Settings(string[] algorithms, IKeySetSource source) => new() { Issuer = "i", Audiences = ["a"], Algorithms = algorithms, KeySource = source };
    }

    [Fact]
    public void Two_entries_for_one_issuer_are_refused()
    {
        TrustedIssuer settings = new TokenFixture().Settings;

        Assert.Throws<ArgumentException>(() => new TokenValidator([settings, settings with { MaxLifetime = TimeSpan.FromDays(1) }], TimeProvider.System));
    }

    [Fact]
    public void A_result_that_came_from_no_validation_is_no_success()
    {
        TokenResult result = default;

        Assert.False(result.IsValid);
        Assert.NotEqual(TokenError.None, result.Error);
    }

    [Fact]
    public void Every_error_has_a_code_of_its_own()
    {
        string[] codes = [.. Enum.GetValues<TokenError>().Select(TokenErrors.Code)];

        Assert.Equal(codes.Length, codes.Distinct().Count());
        Assert.All(codes, code => Assert.Matches("^[a-z_]+$", code));
    }

    private sealed class UnversionedList : IRevocationList
    {
        public bool RevokesAll { get; set; }

        public bool IsRevoked(ValidatedToken token) => RevokesAll;

        public IDisposable OnRevoked(ValidatedToken token, Action revoked) => throw new NotSupportedException();
    }

    private sealed class SettableClock(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class ChangingSource(string key) : IKeySetSource
    {
        private volatile KeySet _keys = Parse(key);

        public bool IsSymmetric => false;

        public KeySetSourceStatus Status => new("changing", 1, null, null);

        public void Publish(string key) => _keys = Parse(key);

        public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken) => new(_keys);

        public ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken) => new(_keys);

        private static KeySet Parse(string key) => KeySet.ParseJwks(System.Text.Encoding.UTF8.GetBytes($$"""{"keys":[{{key}}]}"""));
    }
}
