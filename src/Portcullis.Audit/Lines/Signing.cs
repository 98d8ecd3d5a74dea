using System.Buffers.Text;

namespace Portcullis.Audit.Lines;

/// <summary>Signs a purpose followed by bytes, and gives base64url (RFC 7515 §2).</summary>
internal static class Signing
{
    public static byte[] Sign(IAuditSigner signer, ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> bytes)
        => Base64Url.EncodeToUtf8(signer.Sign([.. purpose, .. bytes]));

    public static bool Verify(AuditKeySet keys, string keyId, ReadOnlySpan<byte> purpose, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> base64Url)
    {
        var signature = new byte[Base64Url.GetMaxDecodedLength(base64Url.Length)];
        return Base64Url.IsValid(base64Url)
            && Base64Url.TryDecodeFromUtf8(base64Url, signature, out var length)

            // One signature has one spelling: bits that the last digit has to spare must be zero.
            && Base64Url.EncodeToUtf8(signature.AsSpan(0, length)).AsSpan().SequenceEqual(base64Url)
            && keys.Verify(keyId, [.. purpose, .. bytes], signature.AsSpan(0, length));
    }
}
