using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Revocation;
using Portcullis.Tokens.Validation;

namespace Portcullis.Tokens;

/// <summary>
/// Decides whether a token is genuine, alive, and meant for this service: RFC 9068 §4 by the rules of RFC 8725. What it opens is for others to decide. One object for the life of the
/// program, safe to use from many threads.
/// </summary>
public sealed class TokenValidator
{
    private readonly FrozenDictionary<string, IssuerRules> _issuers;
    private readonly TimeProvider _time;
    private readonly IRevocationList _revocations;
    private readonly TokenValidatorOptions _options;
    private readonly ValidatedTokenCache _cache;
    private readonly RefusedSignatures _refused;

    /// <summary>How many validated tokens are remembered now.</summary>
    internal int RememberedTokens => _cache.Count;

    /// <summary>Creates a validator.</summary>
    /// <param name="issuers">The issuers whose tokens are accepted. With none, every token is refused.</param>
    /// <param name="time">The clock.</param>
    /// <param name="revocations">What has been taken back; <see langword="null"/>: nothing ever is.</param>
    /// <param name="options">Bounds; <see langword="null"/>: the defaults.</param>
    /// <exception cref="ArgumentException">An issuer's settings are unsafe (<see cref="TrustedIssuer.FindProblems"/>), or two entries have the same issuer.</exception>
    public TokenValidator(IReadOnlyList<TrustedIssuer> issuers, TimeProvider time, IRevocationList? revocations = null, TokenValidatorOptions? options = null)
    {
        foreach (TrustedIssuer issuer in issuers)
        {
            if (issuer.FindProblems() is { Count: > 0 } problems)
            {
                throw new ArgumentException($"Issuer {issuer.Issuer}: {string.Join(" ", problems)}", nameof(issuers));
            }
        }

        // Throws on a second entry for an issuer: which one would count?
        _issuers = issuers.ToDictionary(i => i.Issuer, i => new IssuerRules(i), StringComparer.Ordinal).ToFrozenDictionary(StringComparer.Ordinal);
        _time = time;
        _revocations = revocations ?? NoRevocations.Instance;
        _options = options ?? new TokenValidatorOptions();
        _cache = new ValidatedTokenCache(_options.CacheCapacity);
        _refused = new RefusedSignatures(_options.RefusedCapacity);
    }

    /// <summary>Checks a token. Never throws because of what the token is; everything that isn't provably right is refused.</summary>
    /// <param name="token">The token, without a scheme before it.</param>
    /// <param name="context">What the connection says about its holder.</param>
    /// <param name="cancellationToken">Ends the wait for an issuer's keys.</param>
    public ValueTask<TokenResult> ValidateAsync(string token, TokenContext context = default, CancellationToken cancellationToken = default)
    {
        // 1. Length, before anything is done for each character.
        if (token.Length == 0)
        {
            return new(Refuse(TokenFailure.Missing));
        }

        if (token.Length > _options.MaximumLength)
        {
            return new(Refuse(TokenFailure.TooLong(_options.MaximumLength)));
        }

        // 2. The same token again: everything that can change since is looked at again, all else stands.
        Span<byte> ascii = token.Length <= 4096 ? stackalloc byte[token.Length] : new byte[token.Length];
        if (Ascii.FromUtf16(token, ascii, out _) != OperationStatus.Done)
        {
            return new(Refuse(TokenFailure.Malformed));
        }

        TokenHash hash = TokenHash.Of(ascii);
        if (_cache.Find(hash) is { } cached && StillStands(cached, context, cancellationToken))
        {
            return new(new TokenResult(cached.Token));
        }

        return ValidateNewAsync(ascii.ToArray(), hash, context, cancellationToken);
    }

    private async ValueTask<TokenResult> ValidateNewAsync(byte[] ascii, TokenHash hash, TokenContext context, CancellationToken cancellationToken)
    {
        // 3. Three parts of canonical base64url.
        if (CompactForm.Read(ascii, out CompactForm form) is { } formFailure)
        {
            return Refuse(formFailure);
        }

        // 4. Header, 5. payload: strict JSON of the right types.
        TokenFailure? failure = TokenHeader.Read(form.Header, out TokenHeader? header);
        if (failure is not null || header is null)
        {
            return Refuse(failure ?? TokenFailure.HeaderMalformed);
        }

        failure = TokenPayload.Read(form.Payload, out TokenPayload? payload);
        if (failure is not null || payload is null)
        {
            return Refuse(failure ?? TokenFailure.PayloadMalformed);
        }

        // 6. The issuer, whose rules apply from here on.
        if (!_issuers.TryGetValue(payload.Issuer!, out IssuerRules? issuer))
        {
            return Refuse(TokenFailure.IssuerUnknown);
        }

        // 7. Type, 8. algorithm, 9. to 12. times, 13. audience: everything that costs nothing comes before the signature.
        long now = _time.GetUtcNow().ToUnixTimeSeconds();
        failure = TokenChecks.Type(header, payload, issuer)
            ?? TokenChecks.Algorithm(header, issuer)
            ?? TokenChecks.Expiry(payload, issuer, now)
            ?? TokenChecks.NotBefore(payload, issuer, now)
            ?? TokenChecks.IssuedAt(payload, issuer, now)
            ?? TokenChecks.Lifetime(payload, issuer)
            ?? TokenChecks.Audience(payload, issuer);
        if (failure is not null)
        {
            return Refuse(failure);
        }

        // 14. The one key of this issuer with this id, suited to this algorithm.
        AlgorithmDescriptor algorithm = AlgorithmDescriptor.Find(header.Algorithm)!;
        (VerificationKey? key, KeySet? keys, failure) = await FindKeyAsync(issuer, header, algorithm, cancellationToken);
        if (key is null || keys is null)
        {
            return Refuse(failure ?? TokenFailure.KeyUnknown);
        }

        // 15. The signature.
        if (_refused.Contains(hash, key))
        {
            return Refuse(TokenFailure.SignatureInvalid);
        }

        byte[] signature = System.Buffers.Text.Base64Url.DecodeFromUtf8(form.Signature);
        if (!key.Verify(algorithm, ascii, form.SigningInputLength, signature))
        {
            _refused.Add(hash, key);
            return Refuse(TokenFailure.SignatureInvalid);
        }

        // 16. Bound to a certificate? 17. Taken back?
        ValidatedToken token = Create(header, payload, key, issuer, hash);
        long? revocationVersion = _revocations.Version;
        failure = TokenChecks.Certificate(token.ConfirmationCertificateThumbprint, context) ?? TokenChecks.Revocation(token, _revocations);
        if (failure is not null)
        {
            return Refuse(failure);
        }

        _cache.Add(new CachedToken(token, key, keys, revocationVersion, issuer));
        return new TokenResult(token);
    }

    /// <summary>Time, key, certificate and revocation: what may have changed since the token was validated. On any doubt the token is validated anew, which also words the refusal.</summary>
    private bool StillStands(CachedToken cached, TokenContext context, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        TimeSpan skew = cached.Issuer.Settings.ClockSkew;
        ValidatedToken token = cached.Token;
        if (now >= token.ExpiresAt + skew)
        {
            _cache.Remove(token.TokenHash);
            return false;
        }

        // A clock that was set back.
        if (token.IssuedAt > now + skew || token.NotBefore > now + skew)
        {
            return false;
        }

        ValueTask<KeySet?> pending = cached.Issuer.Settings.KeySource.GetAsync(cancellationToken);
        if (!pending.IsCompletedSuccessfully || pending.Result is not { } keys)
        {
            return false;
        }

        if (TokenChecks.Certificate(token.ConfirmationCertificateThumbprint, context) is not null)
        {
            return false;
        }

        long? revocationVersion = _revocations.Version;
        if (ReferenceEquals(keys, cached.Keys) && revocationVersion is not null && revocationVersion == cached.RevocationVersion)
        {
            return true;
        }

        // The keys have changed, perhaps only by a new one beside this; or something has been taken back, perhaps not this.
        if (keys.FindSame(cached.Key) is not { } same || TokenChecks.Revocation(token, _revocations) is not null)
        {
            _cache.Remove(token.TokenHash);
            return false;
        }

        _cache.Add(cached with { Key = same, Keys = keys, RevocationVersion = revocationVersion });
        return true;
    }

    private static async ValueTask<(VerificationKey? Key, KeySet? Keys, TokenFailure? Failure)> FindKeyAsync(
        IssuerRules issuer, TokenHeader header, AlgorithmDescriptor algorithm, CancellationToken cancellationToken)
    {
        IKeySetSource source = issuer.Settings.KeySource;
        if (await source.GetAsync(cancellationToken) is not { } keys)
        {
            return (null, null, TokenFailure.KeysUnavailable);
        }

        VerificationKey? key = keys.Find(header.KeyId, algorithm, out TokenError error);
        if (error == TokenError.KeyUnknown && await source.RefreshForUnknownKeyAsync(header.KeyId, cancellationToken) is { } newer && !ReferenceEquals(newer, keys))
        {
            keys = newer;
            key = keys.Find(header.KeyId, algorithm, out error);
        }

        return (key, keys, key is null ? TokenChecks.KeyFailure(error) : null);
    }

    private static ValidatedToken Create(TokenHeader header, TokenPayload payload, VerificationKey key, IssuerRules issuer, TokenHash hash) => new(payload.Json)
    {
        Issuer = payload.Issuer!,
        Subject = payload.Subject!,
        Audiences = payload.Audiences,
        ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(payload.ExpiresAt),
        IssuedAt = DateTimeOffset.FromUnixTimeSeconds(payload.IssuedAt),
        NotBefore = payload.NotBefore is { } notBefore ? DateTimeOffset.FromUnixTimeSeconds(notBefore) : null,
        TokenId = payload.TokenId!,
        KeyId = key.KeyId ?? key.Thumbprint,
        Algorithm = header.Algorithm,
        Type = header.Type,
        ClientId = payload.ClientId,
        SessionId = payload.SessionId,
        Scope = payload.Scope,
        AuthorizationDetails = payload.AuthorizationDetails,
        Roles = payload.Roles,
        Groups = payload.Groups,
        Actors = payload.Actors,
        ConfirmationCertificateThumbprint = payload.CertificateThumbprint,
        IssuerSettings = issuer.Settings,
        TokenHash = hash,
    };

    private static TokenResult Refuse(TokenFailure failure) => new(failure.Error, failure.Description);
}
