using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Portcullis.Gateway.Registry;

/// <summary>
/// Signs registries' tokens, ES256, with a key that lives in memory alone and is followed by another after an hour. Each token carries its key's certificate (<c>x5c</c>, RFC 7515 §4.1.6), by which a registry that
/// trusts the root knows the key without having heard of it. Safe to use from many threads.
/// </summary>
internal sealed class RegistrySigner(RegistryRoot root, RegistryOptions options, TimeProvider time) : IDisposable
{
    /// <summary>How long a key signs.</summary>
    public static readonly TimeSpan KeyLifetime = TimeSpan.FromHours(1);

    // What registries' clocks may differ, and what they allow tokens beyond `exp`: distribution's own minute, generously.
    private static readonly TimeSpan s_leeway = TimeSpan.FromMinutes(5);

    // '+' as it is: the base64 of a certificate, and readable.
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _gate = new();
    private Current? _current;

    /// <summary>Writes a JWS (RFC 7515 §7.1) of a payload.</summary>
    public string Sign(byte[] payload)
    {
        lock (_gate)
        {
            var current = Key();
            var signed = $"{current.Header}.{Base64Url.EncodeToString(payload)}";
            byte[] signature = current.Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            return $"{signed}.{Base64Url.EncodeToString(signature)}";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _current?.Key.Dispose();

    private Current Key()
    {
        var now = time.GetUtcNow();
        if (_current is { } current && now < current.Until && now >= current.Until - KeyLifetime)
        {
            return current;
        }

        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        // The last token that it signs is still good for its whole life; a stolen key, for no longer.
        byte[] certificate = root.Certify(key, now - s_leeway, now + KeyLifetime + options.TokenLifetime + s_leeway);
        byte[] header = JsonSerializer.SerializeToUtf8Bytes(new { typ = "JWT", alg = "ES256", x5c = new[] { Convert.ToBase64String(certificate) } }, s_plain);
        _current?.Key.Dispose();
        return _current = new Current(key, Base64Url.EncodeToString(header), now + KeyLifetime);
    }

    private sealed record Current(ECDsa Key, string Header, DateTimeOffset Until);
}
