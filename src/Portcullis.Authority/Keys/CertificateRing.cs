using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.Keys;

/// <summary>The operator's certificates: one encrypts, all decrypt.</summary>
/// <remarks>
/// Data Protection brings encryption by certificate along, as XML Encryption does it: AES-CBC without a check of integrity, under RSA with SHA-1. Whoever can write to the database must not
/// be able to try variants, so it is RSA-OAEP with SHA-256 over a key for AES-GCM here.
/// </remarks>
internal sealed class CertificateRing
{
    private const int ContentKeySize = 32;
    private readonly Dictionary<string, RSA> _keys = new(StringComparer.Ordinal);
    private readonly string _current;

    public CertificateRing(KeyEncryptionCertificate current, IEnumerable<KeyEncryptionCertificate> former)
    {
        _current = Add(current);
        foreach (KeyEncryptionCertificate certificate in former)
        {
            Add(certificate);
        }
    }

    public XElement Encrypt(ReadOnlySpan<byte> plain)
    {
        var key = RandomNumberGenerator.GetBytes(ContentKeySize);
        try
        {
            return new XElement(
                "encryptedKey",
                new XAttribute("certificate", _current),
                new XElement("key", Convert.ToBase64String(_keys[_current].Encrypt(key, RSAEncryptionPadding.OaepSHA256))),
                new XElement("value", Convert.ToBase64String(new KeyEncryptionKey(key).Encrypt(plain))));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public byte[] Decrypt(XElement element)
    {
        var name = (string?)element.Attribute("certificate") ?? "";
        if (!_keys.TryGetValue(name, out RSA? rsa))
        {
            throw new CryptographicException($"This was encrypted under the certificate with the SHA-256 fingerprint {name}, which is neither the present nor a former one.");
        }

        var key = rsa.Decrypt(Convert.FromBase64String((string?)element.Element("key") ?? ""), RSAEncryptionPadding.OaepSHA256);
        try
        {
            return new KeyEncryptionKey(key).Decrypt(Convert.FromBase64String((string?)element.Element("value") ?? ""));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private string Add(KeyEncryptionCertificate files)
    {
        using X509Certificate2 certificate = Read(files);
        RSA rsa = certificate.GetRSAPrivateKey()
            ?? throw new AuthorityDatabaseException($"The certificate '{files.Path}' has no RSA private key: only such a one can decrypt.");
        if (rsa.KeySize < 2048)
        {
            throw new AuthorityDatabaseException($"The certificate '{files.Path}' has a key of {rsa.KeySize} bits; 2048 are the least.");
        }

        var name = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        _keys[name] = rsa;
        return name;
    }

    private static X509Certificate2 Read(KeyEncryptionCertificate files)
    {
        try
        {
            return X509Certificate2.GetCertContentType(files.Path) == X509ContentType.Pkcs12
                ? X509CertificateLoader.LoadPkcs12FromFile(files.Path, null, X509KeyStorageFlags.EphemeralKeySet)
                : X509Certificate2.CreateFromPemFile(files.Path, files.KeyPath);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // Without the inner exception: what is wrong with a private key is nobody's business but its owner's.
            throw new AuthorityDatabaseException($"The certificate '{files.Path}' and its private key can't be read: in PEM, the key unencrypted, or in PKCS #12 without a password.");
        }
    }
}

/// <summary>Encrypts Data Protection's own keys under the operator's certificate.</summary>
internal sealed class CertificateEncryptor(CertificateRing certificates) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement) =>
        new(certificates.Encrypt(Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting))), typeof(CertificateDecryptor));
}

/// <summary>See <see cref="CertificateEncryptor"/>. Named in the stored documents, so it keeps its name.</summary>
internal sealed class CertificateDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) =>
        XElement.Parse(Encoding.UTF8.GetString(services.GetRequiredService<CertificateRing>().Decrypt(encryptedElement)));
}
