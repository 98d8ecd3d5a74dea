using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Portcullis.Authority.Keys;
using Portcullis.Authority.Revocations;
using Portcullis.Tokens;
using Portcullis.Tokens.Keys;

namespace Portcullis.Authority.Issuing;

/// <summary>Writes RFC 9068 access tokens: exactly the claims of docs/spec/token.md, signed by the ring's key of the moment.</summary>
internal sealed class AccessTokenWriter(KeyRing ring, AuthorityOptions options)
{
    // A scope's '+' or '<' in the escaped form would cost six of the 1,200 characters; a JWT is never part of a web page.
    private static readonly JsonWriterOptions s_plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public IssuedToken Write(AccessToken token)
    {
        SigningKey key = ring.GetSigningKey(token.Algorithm);
        var tokenId = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(12));
        var buffer = new ArrayBufferWriter<byte>(1024);
        WriteHeader(buffer, key);
        var header = Base64Url.EncodeToString(buffer.WrittenSpan);
        buffer.ResetWrittenCount();
        WritePayload(buffer, token, tokenId, DeathMark.Write(RevocationKind.Key, key.KeyId!));
        var signed = $"{header}.{Base64Url.EncodeToString(buffer.WrittenSpan)}";
        var signature = key.Sign(Encoding.ASCII.GetBytes(signed));
        return new IssuedToken($"{signed}.{Base64Url.EncodeToString(signature)}", tokenId, key.KeyId!, token.Scope, token.ExpiresAt);
    }

    private static void WriteHeader(ArrayBufferWriter<byte> buffer, SigningKey key)
    {
        using var json = new Utf8JsonWriter(buffer, s_plain);
        json.WriteStartObject();
        json.WriteString("alg", key.Algorithm);
        json.WriteString("typ", "at+jwt");
        json.WriteString("kid", key.KeyId);
        json.WriteEndObject();
    }

    private void WritePayload(ArrayBufferWriter<byte> buffer, AccessToken token, string tokenId, string ownKey)
    {
        using var json = new Utf8JsonWriter(buffer, s_plain);
        json.WriteStartObject();
        json.WriteString("iss", options.Issuer);
        json.WriteString("sub", token.Subject);
        json.WriteString("aud", options.EffectiveAudience);
        json.WriteNumber("exp", token.ExpiresAt.ToUnixTimeSeconds());
        json.WriteNumber("iat", token.IssuedAt.ToUnixTimeSeconds());
        json.WriteString("jti", tokenId);
        if (token.ClientId is not null)
        {
            json.WriteString("client_id", token.ClientId);
        }

        if (token.SessionId is not null)
        {
            json.WriteString("sid", token.SessionId);
        }

        if (token.Scope.Length > 0)
        {
            json.WriteString("scope", token.Scope);
        }

        WriteActors(json, token.Actors, 0);
        if (token.ConfirmationCertificateThumbprint is not null)
        {
            json.WriteStartObject("cnf");
            json.WriteString("x5t#S256", token.ConfirmationCertificateThumbprint);
            json.WriteEndObject();
        }

        WriteTexts(json, PortcullisClaims.Parents, token.Parents);
        WriteTexts(json, PortcullisClaims.DiesWith, [.. token.DiesWith.Where(mark => mark != ownKey)]);
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string claim, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
        {
            json.WriteStartArray(claim);
            foreach (var value in values)
            {
                json.WriteStringValue(value);
            }

            json.WriteEndArray();
        }
    }

    // RFC 8693 §4.1: the current actor outermost, who acted before within.
    private static void WriteActors(Utf8JsonWriter json, IReadOnlyList<Actor> actors, int index)
    {
        if (index == actors.Count)
        {
            return;
        }

        json.WriteStartObject("act");
        json.WriteString("sub", actors[index].Subject);
        if (actors[index].Issuer is { } issuer)
        {
            json.WriteString("iss", issuer);
        }

        WriteActors(json, actors, index + 1);
        json.WriteEndObject();
    }
}
