using System.Text;
using Microsoft.Extensions.Time.Testing;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Minting;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Tokens;

/// <summary>An issuer, its key, a clock and a validator.</summary>
internal sealed class TokenFixture
{
    public const string Issuer = "https://authority.example";
    public const string Audience = "https://git.example";

    // Making an RSA key takes long: one for all tests.
    private static readonly Lazy<SigningKey> s_rsa = new(() => SigningKey.Create(SignatureAlgorithms.RS256, 2048));
    private static readonly byte[] s_secret = Encoding.ASCII.GetBytes("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");

    public TokenFixture(string algorithm = SignatureAlgorithms.ES256)
    {
        Key = KeyFor(algorithm);
        bool symmetric = SignatureAlgorithms.IsSymmetric(algorithm);
        Ring = symmetric ? null : new SigningKeyRing(Key);
        IKeySetSource source = Ring is not null ? Ring : new StaticKeySetSource(SharedSecret.ToKeySet(s_secret, 256, null));
        Settings = new TrustedIssuer { Issuer = Issuer, Audiences = [Audience], Algorithms = [algorithm], KeySource = source };
        Revocations = new RevocationList(Time);
        Minter = new TokenMinter(Issuer, Key, Time);
        Validator = new TokenValidator([Settings], Time, Revocations);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero));

    public long Now => Time.GetUtcNow().ToUnixTimeSeconds();

    public SigningKey Key { get; }

    public SigningKeyRing? Ring { get; }

    public TrustedIssuer Settings { get; }

    public RevocationList Revocations { get; }

    public TokenMinter Minter { get; }

    public TokenValidator Validator { get; set; }

    public static TokenRequest Request => new() { Subject = "alice", Audiences = [Audience], Scope = "git:acme/app:pull" };

    public static SigningKey KeyFor(string algorithm) =>
        SignatureAlgorithms.IsSymmetric(algorithm) ? SigningKey.FromSecret(s_secret, algorithm)
        : algorithm.StartsWith("ES", StringComparison.Ordinal) ? SigningKey.Create(algorithm)
        : SigningKey.FromPem(s_rsa.Value.ToPem(), algorithm);

    public string Mint(TokenRequest? request = null) => Minter.Mint(request ?? Request).Token!;

    public async Task<TokenResult> ValidateAsync(string token, TokenContext context = default) => await Validator.ValidateAsync(token, context, TestContext.Current.CancellationToken);
}
