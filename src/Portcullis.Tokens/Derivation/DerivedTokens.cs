using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;
using Portcullis.Tokens.Minting;
using Portcullis.Tokens.Revocation;
using Portcullis.Tokens.Validation;

namespace Portcullis.Tokens.Derivation;

/// <summary>
/// Short-lived credentials for one address and one purpose, made from a valid access token by the service that has validated it, for itself: so that what began
/// with a valid token can go on after that has expired. A revocation of the parent, its key, its session, its client, its subject or an actor ends them too, since
/// they name all of these. Each is a JWT of a type of its own, signed with a secret of its own (<see cref="DerivedTokenKey"/>): none is an access token, and no
/// access token is one. Safe to use from many threads.
/// </summary>
public sealed class DerivedTokens
{
    /// <summary>The longest token that is read, in characters.</summary>
    public const int MaximumLength = 8192;

    private const string ParentClaim = "parent";
    private const string PurposeClaim = "purpose";

    // The header never varies, so it is compared as it stands and there is nothing in it to be talked into.
    private static readonly byte[] s_header = Encoding.ASCII.GetBytes(Base64Url.EncodeToString("""{"typ":"derived+jwt","alg":"HS256"}"""u8) + ".");

    private static readonly KeySetOfNobody s_keySource = new();

    private readonly DerivedTokenKey _key;
    private readonly TimeProvider _time;
    private readonly IRevocationList _revocations;

    /// <summary>Derives and validates.</summary>
    /// <param name="key">The secret.</param>
    /// <param name="time">The clock.</param>
    /// <param name="revocations">What has been taken back.</param>
    public DerivedTokens(DerivedTokenKey key, TimeProvider time, IRevocationList revocations)
    {
        _key = key;
        _time = time;
        _revocations = revocations;
    }

    /// <summary>Makes a token.</summary>
    /// <exception cref="ArgumentException">It would be longer than <see cref="MaximumLength"/>, or lives less than a second.</exception>
    public string Derive(DerivedTokenRequest request)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Lifetime, TimeSpan.FromSeconds(1), nameof(request));
        ValidatedToken parent = request.Parent;
        long now = _time.GetUtcNow().ToUnixTimeSeconds();
        byte[] payload = TokenJson.Write(json =>
        {
            json.WriteString(ClaimNames.Issuer, parent.Issuer);
            json.WriteString(ClaimNames.Subject, parent.Subject);
            json.WriteString(ClaimNames.Audience, request.Audience);
            json.WriteNumber(ClaimNames.ExpiresAt, now + (long)request.Lifetime.TotalSeconds);
            json.WriteNumber(ClaimNames.IssuedAt, now);
            json.WriteString(ClaimNames.TokenId, parent.TokenId);
            TokenJson.WriteIf(json, ClaimNames.ClientId, parent.ClientId);
            TokenJson.WriteIf(json, ClaimNames.SessionId, parent.SessionId);
            json.WriteString(ClaimNames.Scope, request.Scope);
            TokenJson.WriteActors(json, parent.Actors);
            if (parent.ConfirmationCertificateThumbprint is not null)
            {
                json.WriteStartObject(ClaimNames.Confirmation);
                json.WriteString(ClaimNames.CertificateThumbprint, parent.ConfirmationCertificateThumbprint);
                json.WriteEndObject();
            }

            json.WriteStartObject(ParentClaim);
            json.WriteNumber(ClaimNames.IssuedAt, parent.IssuedAt.ToUnixTimeSeconds());
            TokenJson.WriteIf(json, ClaimNames.KeyId, parent.KeyId);
            json.WriteEndObject();
            json.WriteString(PurposeClaim, request.Purpose);
        });
        string signed = Encoding.ASCII.GetString(s_header) + Base64Url.EncodeToString(payload);
        string token = $"{signed}.{Base64Url.EncodeToString(_key.Sign(Encoding.ASCII.GetBytes(signed)))}";
        return token.Length <= MaximumLength ? token : throw new ArgumentException("The derived token would be too long.", nameof(request));
    }

    /// <summary>Checks a token. Never throws because of what the token is.</summary>
    /// <param name="token">The token.</param>
    /// <param name="audience">The address at which it was shown, in full.</param>
    /// <param name="context">What the connection says about its holder.</param>
    /// <param name="purpose">What it is for, when it is valid.</param>
    /// <returns>The token with its parent's id, key and time of issue, so that whoever asks about revocation asks about the parent; and with its own expiry and scope.</returns>
    public TokenResult Validate(string token, string audience, TokenContext context, out string purpose)
    {
        purpose = "";
        if (token.Length is 0 or > MaximumLength)
        {
            return Refuse(token.Length == 0 ? TokenFailure.Missing : TokenFailure.TooLong(MaximumLength));
        }

        byte[] ascii = new byte[token.Length];
        if (Ascii.FromUtf16(token, ascii, out _) != System.Buffers.OperationStatus.Done)
        {
            return Refuse(TokenFailure.Malformed);
        }

        if (CompactForm.Read(ascii, out CompactForm form) is { } formFailure)
        {
            return Refuse(formFailure);
        }

        if (!ascii.AsSpan().StartsWith(s_header))
        {
            return Refuse(new TokenFailure(TokenError.TypeRefused, "This is not a credential that this server gave for this address. An access token opens nothing here."));
        }

        // The signature before anything is parsed: what we did not write is not read.
        byte[] signature = new byte[Base64Url.GetMaxDecodedLength(form.Signature.Length)];
        if (!Base64Url.TryDecodeFromUtf8(form.Signature, signature, out int written)
            || !CryptographicOperations.FixedTimeEquals(signature.AsSpan(0, written), _key.Sign(ascii.AsSpan(0, form.SigningInputLength))))
        {
            return Refuse(TokenFailure.SignatureInvalid);
        }

        if (TokenPayload.Read(form.Payload, out TokenPayload? payload) is { } failure || payload is null)
        {
            return Refuse(TokenFailure.PayloadMalformed);
        }

        if (payload.Audiences is not [var only] || !string.Equals(only, audience, StringComparison.Ordinal))
        {
            return Refuse(new TokenFailure(TokenError.AudienceRefused, "This credential is for another address."));
        }

        if (_time.GetUtcNow().ToUnixTimeSeconds() >= payload.ExpiresAt)
        {
            return Refuse(new TokenFailure(TokenError.Expired, "This credential has expired. Ask for a new one."));
        }

        if (TokenChecks.Certificate(payload.CertificateThumbprint, context) is { } certificate)
        {
            return Refuse(certificate);
        }

        JsonElement parent = payload.Json.GetProperty(ParentClaim);
        ValidatedToken validated = new(payload.Json)
        {
            Issuer = payload.Issuer!,
            Subject = payload.Subject!,
            Audiences = payload.Audiences,
            ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(payload.ExpiresAt),
            IssuedAt = DateTimeOffset.FromUnixTimeSeconds(parent.GetProperty(ClaimNames.IssuedAt).GetInt64()),
            TokenId = payload.TokenId!,
            KeyId = parent.TryGetProperty(ClaimNames.KeyId, out JsonElement keyId) ? keyId.GetString() : null,
            Algorithm = SignatureAlgorithms.HS256,
            Type = "derived+jwt",
            ClientId = payload.ClientId,
            SessionId = payload.SessionId,
            Scope = payload.Scope,
            Actors = payload.Actors,
            ConfirmationCertificateThumbprint = payload.CertificateThumbprint,
            IssuerSettings = new TrustedIssuer { Issuer = payload.Issuer!, Audiences = payload.Audiences, KeySource = s_keySource, Permissions = PermissionSource.Token },
            TokenHash = TokenHash.Of(ascii),
        };
        if (TokenChecks.Revocation(validated, _revocations) is { } revoked)
        {
            return Refuse(revoked);
        }

        purpose = payload.Json.GetProperty(PurposeClaim).GetString()!;
        return new TokenResult(validated);
    }

    private static TokenResult Refuse(TokenFailure failure) => new(failure.Error, failure.Description);

    /// <summary>Nobody else can validate these tokens.</summary>
    private sealed class KeySetOfNobody : IKeySetSource
    {
        public bool IsSymmetric => true;

        public KeySetSourceStatus Status => new("derived tokens", 0, null, null);

        public ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken) => new((KeySet?)null);

        public ValueTask<KeySet?> RefreshForUnknownKeyAsync(string? keyId, CancellationToken cancellationToken) => new((KeySet?)null);
    }
}
