using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Portcullis.Tokens;
using Portcullis.Tokens.Derivation;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Minting;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Tokens;

/// <summary>A derived token opens one address for one purpose, and nothing that is not one opens it.</summary>
public sealed class DerivedTokensTests
{
    private const string Address = "https://git.example/acme/app.git/info/lfs/objects/4d7a";

    private readonly TokenFixture _tokens = new();
    private readonly DerivedTokenKey _key = DerivedTokenKey.Create();
    private readonly DerivedTokens _derived;

    public DerivedTokensTests() => _derived = new DerivedTokens(_key, _tokens.Time, _tokens.Revocations);

    [Fact]
    public async Task It_says_what_its_parent_says_of_whom_and_what_the_request_says_of_what()
    {
        var parent = await ParentAsync(TokenFixture.Request with
        {
            ClientId = "ci",
            SessionId = "login-7",
            Actors = [new Actor("agent", "https://agents.example")],
        });
        var token = _derived.Derive(RequestFor(parent));

        var result = Validate(token, out var purpose);

        Assert.True(result.IsValid, result.Description);
        var derived = result.Token;
        Assert.Equal("upload 12345", purpose);
        Assert.Equal((parent.Subject, parent.Issuer, parent.TokenId, parent.KeyId), (derived.Subject, derived.Issuer, derived.TokenId, derived.KeyId));
        Assert.Equal(("ci", "login-7", parent.IssuedAt), (derived.ClientId, derived.SessionId, derived.IssuedAt));
        Assert.Equal(parent.Actors, derived.Actors);
        Assert.Equal(("git:acme/app:push", PermissionSource.Token), (derived.Scope, derived.IssuerSettings.Permissions));
    }

    [Fact]
    public async Task It_outlives_its_parent_and_then_ends()
    {
        var token = _derived.Derive(RequestFor(await ParentAsync()));
        _tokens.Time.Advance(TimeSpan.FromMinutes(119));
        Assert.True(Validate(token, out _).IsValid);
        _tokens.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TokenError.Expired, Validate(token, out var purpose).Error);
        Assert.Empty(purpose);
    }

    [Theory]
    [InlineData(RevocationKind.Token)]
    [InlineData(RevocationKind.Session)]
    [InlineData(RevocationKind.Subject)]
    [InlineData(RevocationKind.Client)]
    [InlineData(RevocationKind.Key)]
    public async Task It_ends_with_what_its_parent_stands_on(RevocationKind kind)
    {
        var parent = await ParentAsync(TokenFixture.Request with { ClientId = "ci", SessionId = "login-7" });
        var token = _derived.Derive(RequestFor(parent));
        var validated = Validate(token, out _).Token!;
        var isCut = false;
        using var watch = _tokens.Revocations.OnRevoked(validated, () => isCut = true);

        Assert.True(_tokens.Revocations.TryAdd(new RevocationEntry
        {
            Kind = kind,
            Value = kind switch
            {
                RevocationKind.Token => parent.TokenId,
                RevocationKind.Session => parent.SessionId!,
                RevocationKind.Subject => parent.Subject,
                RevocationKind.Client => parent.ClientId!,
                _ => parent.KeyId!,
            },
            ExpiresAt = _tokens.Time.GetUtcNow() + TimeSpan.FromHours(3),
        }));

        Assert.True(isCut);
        Assert.Equal(TokenError.Revoked, Validate(token, out _).Error);
    }

    [Fact]
    public async Task A_revocation_of_earlier_tokens_meets_it_by_its_parents_time_of_issue()
    {
        var parent = await ParentAsync();
        _tokens.Time.Advance(TimeSpan.FromMinutes(10));
        var token = _derived.Derive(RequestFor(parent));

        _tokens.Revocations.TryAdd(new RevocationEntry
        {
            Kind = RevocationKind.Subject,
            Value = "alice",
            IssuedBefore = _tokens.Time.GetUtcNow() - TimeSpan.FromMinutes(5),
            ExpiresAt = _tokens.Time.GetUtcNow() + TimeSpan.FromHours(3),
        });

        Assert.Equal(TokenError.Revoked, Validate(token, out _).Error);
    }

    [Fact]
    public async Task It_is_no_access_token()
    {
        var token = _derived.Derive(RequestFor(await ParentAsync()) with { Audience = TokenFixture.Audience });
        Assert.False((await _tokens.ValidateAsync(token)).IsValid);

        // Not even for an issuer who shares a secret, takes any type, and shares this very one.
        var trusting = new TokenValidator(
            [
                new TrustedIssuer
                {
                    Issuer = TokenFixture.Issuer,
                    Audiences = [TokenFixture.Audience],
                    Algorithms = [SignatureAlgorithms.HS256],
                    Types = ["at+jwt", "jwt"],
                    KeySource = new StaticKeySetSource(SharedSecret.ToKeySet(new byte[32], 256, null)),
                },
            ],
            _tokens.Time);
        Assert.Equal(TokenError.TypeRefused, (await trusting.ValidateAsync(token, default, TestContext.Current.CancellationToken)).Error);
    }

    [Theory]
    [InlineData("https://git.example/acme/app.git/info/lfs/objects/4d7b")]
    [InlineData("https://git.example/acme/app.git/info/lfs/objects/4d7a/")]
    [InlineData("https://git.example/acme/other.git/info/lfs/objects/4d7a")]
    [InlineData("https://GIT.example/acme/app.git/info/lfs/objects/4d7a")]
    [InlineData("https://git.example")]
    [InlineData("")]
    public async Task It_opens_no_other_address(string address)
    {
        var token = _derived.Derive(RequestFor(await ParentAsync()));
        Assert.Equal(TokenError.AudienceRefused, _derived.Validate(token, address, default, out var purpose).Error);
        Assert.Empty(purpose);
    }

    [Fact]
    public void An_access_token_is_none()
    {
        var access = _tokens.Mint(TokenFixture.Request with { Audiences = [Address], Scope = "git:*:push" });
        Assert.Equal(TokenError.TypeRefused, Validate(access, out _).Error);
    }

    [Fact]
    public void An_access_token_of_a_shared_secret_is_none()
    {
        // Whoever knows an issuer's secret can write any header; without the key behind derived tokens it helps nothing.
        var secret = new byte[32];
        var token = Sign("""{"typ":"derived+jwt","alg":"HS256"}""", Payload(), data => HMACSHA256.HashData(secret, data));
        Assert.Equal(TokenError.SignatureInvalid, Validate(token, out _).Error);
    }

    [Theory]
    [InlineData("""{"typ":"derived+jwt","alg":"none"}""")]
    [InlineData("""{"alg":"HS256","typ":"derived+jwt"}""")]
    [InlineData("""{"typ":"derived+jwt","alg":"HS256","kid":"x"}""")]
    [InlineData("""{"typ":"at+jwt","alg":"HS256"}""")]
    [InlineData("""{"typ":"derived+jwt", "alg":"HS256"}""")]
    public void Only_one_header_is_taken_however_it_is_signed(string header)
        => Assert.Equal(TokenError.TypeRefused, Validate(Sign(header, Payload(), data => _key.Sign(data)), out _).Error);

    [Fact]
    public async Task A_changed_byte_anywhere_is_refused()
    {
        var token = _derived.Derive(RequestFor(await ParentAsync()));
        for (var index = 0; index < token.Length; index++)
        {
            var changed = token[..index] + (token[index] == 'A' ? 'B' : 'A') + token[(index + 1)..];
            Assert.False(Validate(changed, out _).IsValid, $"the byte {index} counts for nothing");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a.b.c")]
    [InlineData("é.b.c")]
    public void What_is_no_token_is_refused(string token) => Assert.False(Validate(token, out _).IsValid);

    [Fact]
    public void An_endless_token_is_refused() => Assert.Equal(TokenError.TooLong, Validate(new string('a', 100_000), out _).Error);

    [Fact]
    public async Task Another_key_refuses_it()
    {
        var token = _derived.Derive(RequestFor(await ParentAsync()));
        Assert.Equal(TokenError.SignatureInvalid, new DerivedTokens(DerivedTokenKey.Create(), _tokens.Time, _tokens.Revocations).Validate(token, Address, default, out _).Error);
    }

    [Fact]
    public async Task It_is_bound_to_the_certificate_that_its_parent_is_bound_to()
    {
        var thumbprint = Base64Url.EncodeToString(new byte[32]);
        var context = new TokenContext(thumbprint);
        var parent = (await _tokens.ValidateAsync(_tokens.Mint(TokenFixture.Request with { CertificateThumbprint = thumbprint }), context)).Token!;
        var token = _derived.Derive(RequestFor(parent));

        Assert.True(_derived.Validate(token, Address, context, out _).IsValid);
        Assert.Equal(TokenError.CertificateMismatch, Validate(token, out _).Error);
    }

    [Fact]
    public async Task The_key_is_kept_in_a_file_for_its_owner_alone()
    {
        var folder = Directory.CreateTempSubdirectory("portcullis-derived-").FullName;
        try
        {
            var path = Path.Combine(folder, "transfers.key");
            var token = new DerivedTokens(DerivedTokenKey.LoadOrCreate(path), _tokens.Time, _tokens.Revocations).Derive(RequestFor(await ParentAsync()));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.True(new DerivedTokens(DerivedTokenKey.LoadOrCreate(path), _tokens.Time, _tokens.Revocations).Validate(token, Address, default, out _).IsValid);
            Assert.Single(Directory.GetFiles(folder));

            await File.WriteAllTextAsync(path, "c2hvcnQ=\n", TestContext.Current.CancellationToken);
            Assert.Throws<KeySetFormatException>(() => DerivedTokenKey.LoadOrCreate(path));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Payload() => $$"""
        {"iss":"https://authority.example","sub":"alice","aud":"{{Address}}","exp":99999999999,"iat":1,"jti":"x","scope":"git:*:push","parent":{"iat":1},"purpose":"upload 1"}
        """;

    private static string Sign(string header, string payload, Func<byte[], byte[]> sign)
    {
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    private static DerivedTokenRequest RequestFor(ValidatedToken parent) => new()
    {
        Parent = parent,
        Audience = Address,
        Purpose = "upload 12345",
        Scope = "git:acme/app:push",
        Lifetime = TimeSpan.FromHours(2),
    };

    private TokenResult Validate(string token, out string purpose) => _derived.Validate(token, Address, default, out purpose);

    private async Task<ValidatedToken> ParentAsync(TokenRequest? request = null) => (await _tokens.ValidateAsync(_tokens.Mint(request))).Token!;
}
