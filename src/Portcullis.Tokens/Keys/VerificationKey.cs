using System.Collections.Concurrent;
using Microsoft.IdentityModel.Tokens;

namespace Portcullis.Tokens.Keys;

/// <summary>One key that verifies signatures: the public half of a pair, or a shared secret.</summary>
internal sealed class VerificationKey
{
    // Order of the group, RFC 7518 §3.4 by way of SEC 2; as long as a coordinate.
    private static readonly byte[] s_orderP256 = Convert.FromHexString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    private static readonly byte[] s_orderP384 = Convert.FromHexString("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973");
    private static readonly byte[] s_orderP521 = Convert.FromHexString("01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409");

    // One provider for each algorithm that is really used with this key, kept as long as the key: making one imports the key. They are safe to share between threads.
    private readonly ConcurrentDictionary<string, SignatureProvider> _providers = new(StringComparer.Ordinal);
    private readonly CryptoProviderFactory _factory = new() { CacheSignatureProviders = false };
    private readonly SecurityKey _key;

    public VerificationKey(SecurityKey key, KeyFamily family, string? curve, int bits, string? keyId, string? algorithm, string? thumbprint)
    {
        _key = key;
        Family = family;
        Curve = curve;
        Bits = bits;
        KeyId = keyId;
        Algorithm = algorithm;
        Thumbprint = thumbprint;
    }

    public KeyFamily Family { get; }

    public string? Curve { get; }

    public int Bits { get; }

    /// <summary>The key set's own <c>kid</c>.</summary>
    public string? KeyId { get; }

    /// <summary>The one algorithm that the key set allows (RFC 7517 §4.4), if it says so.</summary>
    public string? Algorithm { get; }

    /// <summary>RFC 7638; <see langword="null"/> for a secret, whose hash nobody should see.</summary>
    public string? Thumbprint { get; }

    /// <summary>RFC 8725 §3.1: one key, one algorithm family, and the sizes that RFC 7518 asks for.</summary>
    public bool Suits(AlgorithmDescriptor algorithm) =>
        Family == algorithm.Family
        && (algorithm.Curve is null || algorithm.Curve == Curve)
        && Bits >= algorithm.MinimumKeyBits
        && (Algorithm is null || Algorithm == algorithm.Name);

    /// <summary>Whether this key made the signature.</summary>
    /// <param name="algorithm">An algorithm that it suits.</param>
    /// <param name="input">Begins with the signing input of RFC 7515 §5.2.</param>
    /// <param name="inputLength">How much of <paramref name="input"/> was signed.</param>
    /// <param name="signature">The decoded signature.</param>
    public bool Verify(AlgorithmDescriptor algorithm, byte[] input, int inputLength, byte[] signature)
    {
        // Exact lengths, always: a truncated HMAC or an r and s of other sizes never reaches the arithmetic.
        int expected = algorithm.SignatureBytes != 0 ? algorithm.SignatureBytes : (Bits + 7) / 8;
        if (signature.Length != expected || (Family == KeyFamily.Ecdsa && !IsInRange(signature)))
        {
            return false;
        }

        SignatureProvider provider = _providers.GetOrAdd(algorithm.Name, static (name, self) => self._factory.CreateForVerifying(self._key, name), this);
        return provider.Verify(input, 0, inputLength, signature, 0, signature.Length);
    }

    /// <summary>Makes the provider now, so that a key which can't be imported (a point off its curve) shows when it is loaded.</summary>
    public void Prepare(AlgorithmDescriptor algorithm) =>
        _providers.GetOrAdd(algorithm.Name, static (name, self) => self._factory.CreateForVerifying(self._key, name), this);

    // 1 <= r, s < n (FIPS 186-5 §6.4.2). r = s = 0 passed everywhere in unpatched Java (CVE-2022-21449): not left to the library under us.
    private bool IsInRange(ReadOnlySpan<byte> signature)
    {
        ReadOnlySpan<byte> order = Curve switch
        {
            "P-256" => s_orderP256,
            "P-384" => s_orderP384,
            _ => s_orderP521,
        };
        return IsInRange(signature[..order.Length], order) && IsInRange(signature[order.Length..], order);
    }

    // Big-endian numbers of one length compare as texts do.
    private static bool IsInRange(ReadOnlySpan<byte> number, ReadOnlySpan<byte> order) => number.ContainsAnyExcept((byte)0) && number.SequenceCompareTo(order) < 0;
}
