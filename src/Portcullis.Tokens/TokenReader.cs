using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Portcullis.Tokens.Validation;

namespace Portcullis.Tokens;

/// <summary>Takes a token apart without verifying it: to show it, never to decide by it.</summary>
public static class TokenReader
{
    /// <summary>Reads what can be read, by the same strict rules as <see cref="TokenValidator"/>.</summary>
    /// <param name="token">The token.</param>
    /// <param name="time">The clock, for "expired 3 minutes ago".</param>
    public static TokenInspection ReadUnverified(string token, TimeProvider time)
    {
        int maximum = new TokenValidatorOptions().MaximumLength;
        if (token.Length > maximum)
        {
            return Unreadable(token, TokenFailure.TooLong(maximum));
        }

        byte[] ascii = new byte[token.Length];
        TokenFailure? failure = token.Length == 0 ? TokenFailure.Missing : Ascii.FromUtf16(token, ascii, out _) != OperationStatus.Done ? TokenFailure.Malformed : null;
        CompactForm form = default;
        failure ??= CompactForm.Read(ascii, out form);
        if (failure is not null)
        {
            return Unreadable(token, failure);
        }

        long now = time.GetUtcNow().ToUnixTimeSeconds();
        failure = TokenHeader.Read(form.Header, out _) ?? FindPayloadProblem(form, now);
        return new TokenInspection(
            token.Length,
            Members(form.Header, now),
            Members(form.Payload, now),
            Base64Url.GetMaxDecodedLength(form.Signature.Length),
            failure?.Error ?? TokenError.None,
            failure?.Description);
    }

    // Without the allowances of any issuer's settings: the times as they stand.
    private static TokenFailure? FindPayloadProblem(CompactForm form, long now)
    {
        var settings = new Issuers.TrustedIssuer { Issuer = "-", Audiences = [], KeySource = new Issuers.StaticKeySetSource(new Keys.KeySet([], isSymmetric: false, [])), ClockSkew = TimeSpan.Zero };
        var rules = new IssuerRules(settings);
        return TokenPayload.Read(form.Payload, out TokenPayload? payload)
            ?? TokenChecks.Expiry(payload!, rules, now)
            ?? TokenChecks.NotBefore(payload!, rules, now)
            ?? TokenChecks.IssuedAt(payload!, rules, now);
    }

    private static TokenInspection Unreadable(string token, TokenFailure failure) => new(token.Length, [], [], 0, failure.Error, failure.Description);

    private static List<InspectedClaim> Members(ReadOnlySpan<byte> base64Url, long now)
    {
        var members = new List<InspectedClaim>();
        if (JsonText.TryParseObject(Base64Url.DecodeFromUtf8(base64Url), maxDepth: 16) is { } json)
        {
            foreach (JsonProperty property in json.EnumerateObject())
            {
                members.Add(new InspectedClaim(Printable(property.Name), Text(property.Value), Meaning(property.Name, property.Value, now)));
            }
        }

        return members;
    }

    private static string Text(JsonElement value)
    {
        if (JsonText.TryGetString(value, out string? text))
        {
            return Printable(text);
        }

        // The raw text of a JSON value holds no control characters below U+0020, but perhaps others.
        return Printable(value.GetRawText());
    }

    private static string Printable(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            // Escape sequences, and marks that turn the direction of writing.
            bool harmless = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate);
            if (harmless)
            {
                result.Append(rune.ToString());
            }
            else
            {
                result.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            }
        }

        return result.ToString();
    }

    private static string? Meaning(string name, JsonElement value, long now) => name switch
    {
        ClaimNames.Type => "type of token",
        ClaimNames.Algorithm => "signature algorithm",
        ClaimNames.KeyId => "id of the signing key",
        ClaimNames.Issuer => "who issued it",
        ClaimNames.Subject => "whom it is for",
        ClaimNames.Audience => "which service it is meant for",
        ClaimNames.ExpiresAt => "expires " + Moment(value, now),
        ClaimNames.IssuedAt => "issued " + Moment(value, now),
        ClaimNames.NotBefore => "not valid before " + Moment(value, now),
        ClaimNames.TokenId => "id of the token",
        ClaimNames.ClientId => "which client asked for it",
        ClaimNames.SessionId => "which login it belongs to",
        ClaimNames.Scope => "what it opens",
        ClaimNames.AuthorizationDetails => "what it opens (RFC 9396)",
        ClaimNames.Roles => "roles, which the policy defines",
        ClaimNames.Groups => "groups of the subject",
        ClaimNames.Actor => "who acts for the subject (RFC 8693)",
        ClaimNames.Confirmation => "what its holder must prove to have (RFC 7800)",
        _ => null,
    };

    private static string Moment(JsonElement value, long now)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out long seconds) || seconds is <= 0 or > 253_402_300_799)
        {
            return "at no readable time";
        }

        string moment = DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        return seconds == now ? $"{moment}, now" : seconds > now ? $"{moment}, in {TimeWords.Span(seconds - now)}" : $"{moment}, {TimeWords.Span(now - seconds)} ago";
    }
}
