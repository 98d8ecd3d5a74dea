using System.Buffers.Text;
using System.Text.Json;

namespace Portcullis.Tokens.Validation;

/// <summary>The claims of an access token, typed (RFC 7519 §4, RFC 9068 §2.2).</summary>
internal sealed class TokenPayload
{
    private const int MaximumIdentifierLength = 1024;
    private const int MaximumActors = 8;

    private TokenPayload(JsonElement json, ref ClaimReader claims)
    {
        Json = json;
        Issuer = claims.Text(ClaimNames.Issuer, MaximumIdentifierLength, required: true);
        Subject = claims.Text(ClaimNames.Subject, MaximumIdentifierLength, required: true);
        Audiences = claims.Texts(ClaimNames.Audience, maximumCount: 64, required: true);
        ExpiresAt = claims.Seconds(ClaimNames.ExpiresAt, required: true) ?? 0;
        IssuedAt = claims.Seconds(ClaimNames.IssuedAt, required: true) ?? 0;
        NotBefore = claims.Seconds(ClaimNames.NotBefore);
        TokenId = claims.Text(ClaimNames.TokenId, maximumLength: 256, required: true);
        ClientId = claims.Text(ClaimNames.ClientId, MaximumIdentifierLength);
        SessionId = claims.Text(ClaimNames.SessionId, maximumLength: 256);
        Scope = ReadScope(ref claims);
        AuthorizationDetails = claims.Objects(ClaimNames.AuthorizationDetails, maximumCount: 64);
        Roles = claims.Texts(ClaimNames.Roles, maximumCount: 256);
        Groups = claims.Texts(ClaimNames.Groups, maximumCount: 256);
        Actors = ReadActors(ref claims);
        CertificateThumbprint = ReadConfirmation(ref claims);
    }

    public JsonElement Json { get; }

    // Never null once Read has given no failure.
    public string? Issuer { get; }

    public string? Subject { get; }

    public string? TokenId { get; }

    public string[] Audiences { get; }

    public long ExpiresAt { get; }

    public long IssuedAt { get; }

    public long? NotBefore { get; }

    public string? ClientId { get; }

    public string? SessionId { get; }

    public string? Scope { get; }

    public JsonElement[] AuthorizationDetails { get; }

    public string[] Roles { get; }

    public string[] Groups { get; }

    public Actor[] Actors { get; }

    public string? CertificateThumbprint { get; }

    /// <summary>
    /// Claims that only ID tokens (OpenID Connect Core §2: <c>nonce</c>, <c>at_hash</c>, <c>c_hash</c>) and security events (RFC 8417 §2.2: <c>events</c>, logout tokens among them) have. Of use where
    /// <c>typ</c> tells nothing.
    /// </summary>
    public bool IsOfAnotherKind =>
        Json.TryGetProperty("nonce"u8, out _) || Json.TryGetProperty("at_hash"u8, out _) || Json.TryGetProperty("c_hash"u8, out _) || Json.TryGetProperty("events"u8, out _);

    /// <summary>Reads all claims.</summary>
    public static TokenFailure? Read(ReadOnlySpan<byte> base64Url, out TokenPayload? payload)
    {
        payload = null;
        if (JsonText.TryParseObject(Base64Url.DecodeFromUtf8(base64Url), maxDepth: 16) is not { } json)
        {
            return TokenFailure.PayloadMalformed;
        }

        var claims = new ClaimReader(json);
        payload = new TokenPayload(json, ref claims);
        return claims.Failure;
    }

    // RFC 8693 §4.2: one text of words. An empty one grants nothing and is harmless.
    private static string? ReadScope(ref ClaimReader claims)
    {
        if (!claims.TryGet(ClaimNames.Scope, required: false, out JsonElement claim))
        {
            return null;
        }

        if (JsonText.TryGetString(claim, out string? scope) && (scope.Length == 0 || PlainText.IsPlain(scope, maximumLength: 8192)))
        {
            return scope;
        }

        claims.Refuse(TokenFailure.ClaimInvalid(ClaimNames.Scope, "a text of words separated by spaces"));
        return null;
    }

    // RFC 8693 §4.1: each act names the one who acted before it.
    private static Actor[] ReadActors(ref ClaimReader claims)
    {
        if (!claims.TryGet(ClaimNames.Actor, required: false, out JsonElement act))
        {
            return [];
        }

        var actors = new List<Actor>();
        do
        {
            var inner = act.ValueKind == JsonValueKind.Object ? new ClaimReader(act) : default;
            string? subject = act.ValueKind == JsonValueKind.Object ? inner.Text(ClaimNames.Subject, MaximumIdentifierLength, required: true) : null;
            string? issuer = act.ValueKind == JsonValueKind.Object ? inner.Text(ClaimNames.Issuer, MaximumIdentifierLength) : null;
            if (subject is null || inner.Failure is not null || actors.Count == MaximumActors)
            {
                claims.Refuse(TokenFailure.ClaimInvalid(ClaimNames.Actor, $"an object with a sub, at most {MaximumActors} deep"));
                return [];
            }

            actors.Add(new Actor(subject, issuer));
        }
        while (act.TryGetProperty(ClaimNames.Actor, out act));

        return [.. actors];
    }

    // RFC 7800 §3.1: a confirmation that isn't understood must not be ignored, or a bound token becomes a bearer token.
    private static string? ReadConfirmation(ref ClaimReader claims)
    {
        if (!claims.TryGet(ClaimNames.Confirmation, required: false, out JsonElement confirmation))
        {
            return null;
        }

        if (confirmation.ValueKind == JsonValueKind.Object
            && confirmation.GetPropertyCount() == 1
            && confirmation.TryGetProperty(ClaimNames.CertificateThumbprint, out JsonElement thumbprint)
            && JsonText.TryGetString(thumbprint, out string? text)
            && StrictBase64Url.TryDecode(text) is { Length: 32 })
        {
            return text;
        }

        claims.Refuse(TokenFailure.ClaimInvalid(ClaimNames.Confirmation, "an object with x5t#S256 alone, the only proof of possession that this server can check"));
        return null;
    }
}
