using System.Text;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Minting;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Benchmarks.Tokens;

/// <summary>An issuer as a server has it, revocations in use included.</summary>
internal sealed class TokenBench
{
    private const string Issuer = "https://git.example.com";
    private static readonly byte[] s_secret = Encoding.ASCII.GetBytes(new string('s', 64));

    public TokenBench(string algorithm, int cacheCapacity, int refusedCapacity = 0)
    {
        bool symmetric = SignatureAlgorithms.IsSymmetric(algorithm);
        SigningKey key = symmetric ? SigningKey.FromSecret(s_secret, algorithm) : SigningKey.Create(algorithm, rsaBits: 2048);
        IKeySetSource source = symmetric ? new StaticKeySetSource(SharedSecret.ToKeySet(s_secret, 256, null)) : new SigningKeyRing(key);
        var settings = new TrustedIssuer { Issuer = Issuer, Audiences = [Issuer], Algorithms = [algorithm], KeySource = source };
        var revocations = new RevocationList(TimeProvider.System);
        for (int i = 0; i < 1000; i++)
        {
            revocations.TryAdd(new RevocationEntry { Kind = RevocationKind.Token, Value = $"revoked-{i}", ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(1) });
        }

        Minter = new TokenMinter(Issuer, key, TimeProvider.System);
        Validator = new TokenValidator([settings], TimeProvider.System, revocations, new TokenValidatorOptions { CacheCapacity = cacheCapacity, RefusedCapacity = refusedCapacity });
    }

    public TokenMinter Minter { get; }

    public TokenValidator Validator { get; }

    public static TokenRequest Request { get; } = new()
    {
        Subject = "alice",
        Audiences = [Issuer],
        Lifetime = TimeSpan.FromMinutes(55),
        Scope = "git:acme/app@refs/heads/*,^refs/heads/main:push git:acme/*:pull",
        ClientId = "git-credential-portcullis",
        SessionId = "Jm3vZ0kqgUqkq0cB3dS0Nw",
    };

    public string Mint() => Minter.Mint(Request).Token!;

    /// <summary>Fails loudly rather than measuring the wrong thing.</summary>
    public TokenError Expect(string token, TokenError error)
    {
        TokenError actual = Validator.ValidateAsync(token).AsTask().GetAwaiter().GetResult().Error;
        return actual == error ? error : throw new InvalidOperationException($"Expected {error}, got {actual}.");
    }
}
