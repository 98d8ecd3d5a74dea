using System.Buffers.Text;
using Microsoft.IdentityModel.Tokens;

namespace Portcullis.Tokens.Keys;

/// <summary>A shared secret as an issuer's one key.</summary>
internal static class SharedSecret
{
    public const int MaximumBytes = 4096;

    /// <summary>
    /// The content of a secret file: its bytes, without one line end at the end (editors add it); after <c>base64:</c>, the bytes that follow in base64 or base64url.
    /// </summary>
    public static byte[] Decode(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> content = file.EndsWith("\r\n"u8) ? file[..^2] : file.EndsWith("\n"u8) ? file[..^1] : file;
        if (!content.StartsWith("base64:"u8))
        {
            return content.ToArray();
        }

        byte[] text = content["base64:"u8.Length..].ToArray();
        text.AsSpan().Replace((byte)'+', (byte)'-');
        text.AsSpan().Replace((byte)'/', (byte)'_');
        return Base64Url.IsValid(text) ? Base64Url.DecodeFromUtf8(text) : throw new KeySetFormatException("What follows \"base64:\" in the secret file is not base64.");
    }

    /// <param name="secret">The bytes of the HMAC key.</param>
    /// <param name="minimumBits">As the issuer's weakest allowed algorithm demands (RFC 7518 §3.2).</param>
    /// <param name="keyId">The id that its tokens must carry, if any.</param>
    public static KeySet ToKeySet(byte[] secret, int minimumBits, string? keyId)
    {
        if (secret.Length * 8 < minimumBits)
        {
            throw new KeySetFormatException($"The shared secret has {secret.Length * 8} bits; at least {minimumBits} are needed (RFC 7518 §3.2).");
        }

        var key = new VerificationKey(new SymmetricSecurityKey(secret), KeyFamily.Hmac, curve: null, secret.Length * 8, keyId, algorithm: null, thumbprint: null);
        return new KeySet([key], isSymmetric: true, []);
    }
}
