using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Portcullis.Gateway.Registry;

/// <summary>
/// What registries trust: the root of the certificates of the keys that sign their tokens. Registries read it when they start, and so it stays while those keys change (<see cref="RegistrySigner"/>).
/// It signs certificates and nothing else. Safe to use from many threads.
/// </summary>
public sealed class RegistryRoot : IDisposable
{
    private readonly ECDsa _key;
    private readonly X500DistinguishedName _name = new("CN=Portcullis registry tokens");
    private readonly X509SubjectKeyIdentifierExtension _keyIdentifier;
    private readonly Lock _gate = new();

    private RegistryRoot(ECDsa key)
    {
        _key = key;
        _keyIdentifier = new X509SubjectKeyIdentifierExtension(new PublicKey(key), critical: false);
        var request = new CertificateRequest(_name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(_keyIdentifier);

        // The same number for the same key: nodes that share the key have the same root.
        byte[] serial = SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..16];
        using X509Certificate2 certificate = Create(
            request, new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2120, 1, 1, 0, 0, 0, TimeSpan.Zero), serial);
        Certificate = Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n");
    }

    /// <summary>The certificate for <c>rootcertbundle</c>, in PEM.</summary>
    public ReadOnlyMemory<byte> Certificate { get; }

    /// <summary>Reads the root's key.</summary>
    /// <param name="pem">A private key on P-256 in PEM.</param>
    /// <exception cref="CryptographicException">It is none.</exception>
    public static RegistryRoot FromPem(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key.KeySize == 256 ? new RegistryRoot(key) : throw new CryptographicException("The registry key must be on the curve P-256.");
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw exception as CryptographicException ?? new CryptographicException("The registry key is not one private key in PEM.");
        }
    }

    /// <summary>Makes the certificate of a key that signs tokens, in DER.</summary>
    internal byte[] Certify(ECDsa key, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        var request = new CertificateRequest("CN=Portcullis registry token signer", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(_keyIdentifier));
        using X509Certificate2 certificate = Create(request, notBefore, notAfter, RandomNumberGenerator.GetBytes(16));
        return certificate.RawData;
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private X509Certificate2 Create(CertificateRequest request, DateTimeOffset notBefore, DateTimeOffset notAfter, byte[] serial)
    {
        // RFC 5280 §4.1.2.2: positive.
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        lock (_gate)
        {
            return request.Create(_name, X509SignatureGenerator.CreateForECDsa(_key), notBefore, notAfter, serial);
        }
    }
}
