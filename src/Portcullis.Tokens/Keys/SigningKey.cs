using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Portcullis.Tokens.Keys;

/// <summary>A key that signs tokens. Safe to use from many threads.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly SignatureProvider _provider;
    private readonly JsonWebKey? _public;
    private readonly Func<string>? _exportPem;

    private SigningKey(string algorithm, SecurityKey key, JsonWebKey? publicKey, string? keyId, Func<string>? exportPem)
    {
        Algorithm = algorithm;
        SignatureLength = AlgorithmDescriptor.Find(algorithm) is { SignatureBytes: > 0 } descriptor ? descriptor.SignatureBytes : (key.KeySize + 7) / 8;
        KeyId = keyId;
        _public = publicKey;
        _exportPem = exportPem;
        _provider = new CryptoProviderFactory { CacheSignatureProviders = false }.CreateForSigning(key, algorithm);
    }

    /// <summary>The <c>alg</c> that it signs with.</summary>
    public string Algorithm { get; }

    /// <summary>The RFC 7638 thumbprint; for a shared secret the id that was given, or <see langword="null"/>.</summary>
    public string? KeyId { get; }

    /// <summary>How many bytes its signatures have.</summary>
    public int SignatureLength { get; }

    /// <summary>Makes a new key pair.</summary>
    /// <param name="algorithm">One of <see cref="SignatureAlgorithms.Asymmetric"/>.</param>
    /// <param name="rsaBits">The size of an RSA key: 2048 to 8192; no meaning for the others.</param>
    public static SigningKey Create(string algorithm = SignatureAlgorithms.ES256, int rsaBits = 3072)
    {
        AlgorithmDescriptor descriptor = Asymmetric(algorithm);
        if (descriptor.Family == KeyFamily.Ecdsa)
        {
            using var key = ECDsa.Create(AlgorithmDescriptor.NamedCurve(descriptor.Curve!));
            return FromEcdsa(key, descriptor);
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(rsaBits, 2048);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rsaBits, 8192);
        using var rsa = RSA.Create(rsaBits);
        return FromRsa(rsa, descriptor);
    }

    /// <summary>Reads a private key in PEM (PKCS#8, or the older EC and RSA forms), unencrypted.</summary>
    /// <param name="pem">The text; a line <c>Algorithm: PS256</c> before the first boundary (RFC 7468 §2 allows text there) names the algorithm of an RSA key.</param>
    /// <param name="algorithm">The algorithm to use it with; <see langword="null"/>: the text's own, else by curve, else RS256.</param>
    /// <exception cref="KeySetFormatException">It is no such key, or doesn't suit the algorithm. The message holds nothing of it.</exception>
    public static SigningKey FromPem(string pem, string? algorithm = null)
    {
        algorithm ??= SigningKeyPem.FindAlgorithm(pem);
        try
        {
            if (SigningKeyPem.TryImportEcdsa(pem) is { } ecdsa)
            {
                using (ecdsa)
                {
                    // By its curve, not its size: brainpoolP256r1 and secp256k1 have 256 bits too.
                    string natural = ecdsa.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value switch
                    {
                        "1.2.840.10045.3.1.7" => SignatureAlgorithms.ES256,
                        "1.3.132.0.34" => SignatureAlgorithms.ES384,
                        "1.3.132.0.35" => SignatureAlgorithms.ES512,
                        _ => throw new KeySetFormatException("The private key's curve is none of P-256, P-384, P-521."),
                    };
                    return algorithm is null || algorithm == natural
                        ? FromEcdsa(ecdsa, Asymmetric(natural))
                        : throw new KeySetFormatException($"The private key is for {natural}, not for {Asymmetric(algorithm).Name}.");
                }
            }

            using RSA rsa = SigningKeyPem.TryImportRsa(pem) ?? throw new KeySetFormatException("The text holds no unencrypted private key in PEM.");
            AlgorithmDescriptor descriptor = Asymmetric(algorithm ?? SignatureAlgorithms.RS256);
            if (descriptor.Family != KeyFamily.Rsa)
            {
                throw new KeySetFormatException($"The private key is an RSA key, not one for {descriptor.Name}.");
            }

            return rsa.KeySize is >= 2048 and <= 8192 ? FromRsa(rsa, descriptor) : throw new KeySetFormatException("An RSA key must have 2048 to 8192 bits.");
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or NotSupportedException)
        {
            // Without the inner exception: a parser's message may quote its input.
            throw new KeySetFormatException("The text holds no unencrypted private key in PEM that this platform can read.");
        }
    }

    /// <summary>A shared secret.</summary>
    /// <param name="secret">At least as long as the hash of <paramref name="algorithm"/> (RFC 7518 §3.2).</param>
    /// <param name="algorithm">One of <see cref="SignatureAlgorithms.Symmetric"/>.</param>
    /// <param name="keyId">The <c>kid</c> that its tokens get, if any.</param>
    /// <exception cref="KeySetFormatException">The secret is too short.</exception>
    public static SigningKey FromSecret(ReadOnlySpan<byte> secret, string algorithm = SignatureAlgorithms.HS256, string? keyId = null)
    {
        AlgorithmDescriptor? descriptor = AlgorithmDescriptor.Find(algorithm);
        if (descriptor is not { Family: KeyFamily.Hmac })
        {
            throw new ArgumentException("Not an algorithm of a shared secret.", nameof(algorithm));
        }

        return secret.Length * 8 >= descriptor.MinimumKeyBits
            ? new SigningKey(algorithm, new SymmetricSecurityKey(secret.ToArray()), publicKey: null, keyId, exportPem: null)
            : throw new KeySetFormatException($"The shared secret has {secret.Length * 8} bits; {algorithm} needs {descriptor.MinimumKeyBits} (RFC 7518 §3.2).");
    }

    /// <summary>The private key as PKCS#8 PEM, with its algorithm and id in the text before it. For <see cref="SigningKeyFile"/>; nothing else should want it.</summary>
    /// <exception cref="InvalidOperationException">It is a shared secret.</exception>
    public string ToPem() => (_exportPem ?? throw new InvalidOperationException("A shared secret has no PEM form."))();

    /// <summary>The public half as a JSON Web Key (RFC 7517), with <c>kid</c>, <c>alg</c> and <c>use</c>.</summary>
    /// <exception cref="InvalidOperationException">It is a shared secret.</exception>
    public string ToJwk()
    {
        JsonWebKey jwk = _public ?? throw new InvalidOperationException("A shared secret has no public half.");
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("kty", jwk.Kty);
            json.WriteString("use", "sig");
            json.WriteString("alg", Algorithm);
            json.WriteString("kid", KeyId);
            if (jwk.Kty == "EC")
            {
                json.WriteString("crv", jwk.Crv);
                json.WriteString("x", jwk.X);
                json.WriteString("y", jwk.Y);
            }
            else
            {
                json.WriteString("n", jwk.N);
                json.WriteString("e", jwk.E);
            }

            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>Signs bytes: the signature in the form of RFC 7518 §3.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data) => _provider.Sign(data.ToArray());

    /// <inheritdoc/>
    public void Dispose() => _provider.Dispose();

    private static SigningKey FromEcdsa(ECDsa key, AlgorithmDescriptor algorithm)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: true);
        int size = (algorithm.MinimumKeyBits + 7) / 8;
        var publicKey = new JsonWebKey { Kty = "EC", Crv = algorithm.Curve, X = Coordinate(parameters.Q.X!, size), Y = Coordinate(parameters.Q.Y!, size) };
        // As a web key, from which the library makes an instance of its own for each thread that signs: the platform's objects promise no thread safety.
        var privateKey = new JsonWebKey { Kty = "EC", Crv = algorithm.Curve, X = publicKey.X, Y = publicKey.Y, D = Coordinate(parameters.D!, size) };
        string keyId = Base64UrlEncoder.Encode(publicKey.ComputeJwkThumbprint());
        byte[] pkcs8 = key.ExportPkcs8PrivateKey();
        return new SigningKey(algorithm.Name, privateKey, publicKey, keyId, () => SigningKeyPem.Write(algorithm.Name, keyId, pkcs8));
    }

    private static SigningKey FromRsa(RSA key, AlgorithmDescriptor algorithm)
    {
        RSAParameters parameters = key.ExportParameters(includePrivateParameters: true);
        var publicKey = new JsonWebKey { Kty = "RSA", N = Base64UrlEncoder.Encode(parameters.Modulus), E = Base64UrlEncoder.Encode(parameters.Exponent) };
        string keyId = Base64UrlEncoder.Encode(publicKey.ComputeJwkThumbprint());
        byte[] pkcs8 = key.ExportPkcs8PrivateKey();
        return new SigningKey(algorithm.Name, new RsaSecurityKey(parameters), publicKey, keyId, () => SigningKeyPem.Write(algorithm.Name, keyId, pkcs8));
    }

    private static AlgorithmDescriptor Asymmetric(string algorithm) =>
        AlgorithmDescriptor.Find(algorithm) is { Family: not KeyFamily.Hmac } found ? found : throw new ArgumentException("Not an algorithm of a key pair.", nameof(algorithm));

    // RFC 7518 §6.2.1.2: full size, leading zeros included.
    private static string Coordinate(byte[] value, int size)
    {
        byte[] full = new byte[size];
        value.CopyTo(full, size - value.Length);
        return Base64UrlEncoder.Encode(full);
    }
}
