using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Minting;

/// <summary>The two JSON documents of a token (RFC 9068 §2.1, §2.2).</summary>
internal static class TokenJson
{
    // No HTML comes near a token: every escape that JSON doesn't need would only make it longer.
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Header(SigningKey key) => Write(json =>
    {
        json.WriteString(ClaimNames.Type, "at+jwt");
        json.WriteString(ClaimNames.Algorithm, key.Algorithm);
        if (key.KeyId is not null)
        {
            json.WriteString(ClaimNames.KeyId, key.KeyId);
        }
    });

    public static byte[] Payload(string issuer, TokenRequest request, string tokenId, long issuedAt, long expiresAt) => Write(json =>
    {
        json.WriteString(ClaimNames.Issuer, issuer);
        json.WriteString(ClaimNames.Subject, request.Subject);
        WriteOneOrMany(json, ClaimNames.Audience, request.Audiences);
        json.WriteNumber(ClaimNames.ExpiresAt, expiresAt);
        json.WriteNumber(ClaimNames.IssuedAt, issuedAt);
        if (request.NotBefore is { } notBefore)
        {
            json.WriteNumber(ClaimNames.NotBefore, notBefore.ToUnixTimeSeconds());
        }

        json.WriteString(ClaimNames.TokenId, tokenId);
        WriteIf(json, ClaimNames.ClientId, request.ClientId);
        WriteIf(json, ClaimNames.SessionId, request.SessionId);
        WriteIf(json, ClaimNames.Scope, request.Scope);
        WriteDetails(json, request.AuthorizationDetails);
        WriteMany(json, ClaimNames.Roles, request.Roles);
        WriteMany(json, ClaimNames.Groups, request.Groups);
        WriteActors(json, request.Actors);
        if (request.CertificateThumbprint is not null)
        {
            json.WriteStartObject(ClaimNames.Confirmation);
            json.WriteString(ClaimNames.CertificateThumbprint, request.CertificateThumbprint);
            json.WriteEndObject();
        }
    });

    /// <summary>How long one claim is in a token, in characters of base64url: for advice on what to narrow.</summary>
    public static int Measure(Action<Utf8JsonWriter> write) => (Write(write).Length * 4 / 3) - 2;

    public static void WriteDetails(Utf8JsonWriter json, IReadOnlyList<JsonElement> details)
    {
        if (details.Count == 0)
        {
            return;
        }

        json.WriteStartArray(ClaimNames.AuthorizationDetails);
        foreach (JsonElement detail in details)
        {
            detail.WriteTo(json);
        }

        json.WriteEndArray();
    }

    public static void WriteMany(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    public static void WriteActors(Utf8JsonWriter json, IReadOnlyList<Actor> actors)
    {
        foreach (Actor actor in actors)
        {
            json.WriteStartObject(ClaimNames.Actor);
            json.WriteString(ClaimNames.Subject, actor.Subject);
            WriteIf(json, ClaimNames.Issuer, actor.Issuer);
        }

        for (int i = 0; i < actors.Count; i++)
        {
            json.WriteEndObject();
        }
    }

    private static void WriteOneOrMany(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 1)
        {
            json.WriteString(name, values[0]);
        }
        else
        {
            WriteMany(json, name, values);
        }
    }

    public static void WriteIf(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
