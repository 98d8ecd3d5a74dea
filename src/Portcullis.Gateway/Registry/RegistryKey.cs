using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Portcullis.Gateway.Registry;

/// <summary>
/// The key that signs registries' tokens, ES256, and nothing else: a registry reads its keys when it starts, so this one stays while the authority's rotate; and a registry's token is never one that
/// opens a repository of Git, nor the other way around. Safe to use from many threads.
/// </summary>
public sealed class RegistryKey : IDisposable
{
    private readonly ECDsa _key;
    private readonly Lock _gate = new();

    private RegistryKey(ECDsa key)
    {
        _key = key;
        byte[] info = key.ExportSubjectPublicKeyInfo();
        KeyId = Fingerprint(info);
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        Jwks = JsonSerializer.SerializeToUtf8Bytes(new
        {
            keys = new[]
            {
                new
                {
                    kty = "EC", crv = "P-256", use = "sig", alg = "ES256", kid = KeyId,
                    x = Base64Url.EncodeToString(parameters.Q.X), y = Base64Url.EncodeToString(parameters.Q.Y),
                },
            },
        });
        Certificate = Encoding.ASCII.GetBytes(CertificateOf(key, info) + "\n");
    }

    /// <summary>The <c>kid</c>: libtrust's fingerprint, by which distribution 2 knows a key. To distribution 3 it is the name in the key set.</summary>
    public string KeyId { get; }

    /// <summary>The key set for distribution 3's <c>jwks</c>.</summary>
    public ReadOnlyMemory<byte> Jwks { get; }

    /// <summary>The certificate for <c>rootcertbundle</c>, in PEM. It vouches for nothing: it is how that file carries a key.</summary>
    public ReadOnlyMemory<byte> Certificate { get; }

    /// <summary>Reads a key.</summary>
    /// <param name="pem">A private key on P-256 in PEM.</param>
    /// <exception cref="CryptographicException">It is none.</exception>
    public static RegistryKey FromPem(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key.KeySize == 256 ? new RegistryKey(key) : throw new CryptographicException("The registry key must be on the curve P-256.");
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw exception as CryptographicException ?? new CryptographicException("The registry key is not one private key in PEM.");
        }
    }

    /// <summary>Signs as ES256 does (RFC 7518 §3.4).</summary>
    internal byte[] Sign(byte[] data)
    {
        lock (_gate)
        {
            return _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    // The first 240 bits of the SHA-256 of the public key, in base32, in groups of four.
    private static string Fingerprint(byte[] subjectPublicKeyInfo)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        byte[] hash = SHA256.HashData(subjectPublicKeyInfo);
        var text = new StringBuilder(59);
        for (var i = 0; i < 48; i++)
        {
            if (i > 0 && i % 4 == 0)
            {
                text.Append(':');
            }

            var bit = i * 5;
            var pair = (hash[bit / 8] << 8) | hash[(bit / 8) + 1];
            text.Append(Alphabet[(pair >> (11 - (bit % 8))) & 31]);
        }

        return text.ToString();
    }

    private static string CertificateOf(ECDsa key, byte[] info)
    {
        var request = new CertificateRequest("CN=Portcullis registry tokens", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        byte[] serial = SHA256.HashData(info)[..16];
        serial[0] &= 0x7F;
        using X509Certificate2 certificate = request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2120, 1, 1, 0, 0, 0, TimeSpan.Zero), serial);
        return certificate.ExportCertificatePem();
    }
}
