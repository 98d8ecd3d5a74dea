using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Portcullis.Audit.Files;

namespace Portcullis.Audit;

/// <summary>An ES256 key of the log's own (RFC 7518 §3.4), kept in a PEM file that only its owner can read.</summary>
public sealed class AuditSigningKey : IAuditSigner, IDisposable
{
    private readonly ECDsa _key;

    private AuditSigningKey(ECDsa key)
    {
        _key = key;
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var x = Base64Url.EncodeToString(point.X);
        var y = Base64Url.EncodeToString(point.Y);

        // RFC 7638 §3.2: the required members alone, in this order, without white space.
        KeyId = Base64Url.EncodeToString(SHA256.HashData(
            Encoding.ASCII.GetBytes($$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""")));
        Jwk = $$"""{"kty":"EC","crv":"P-256","x":"{{x}}","y":"{{y}}","alg":"ES256","use":"sig","kid":"{{KeyId}}"}""";
    }

    /// <summary>The key's RFC 7638 thumbprint.</summary>
    public string KeyId { get; }

    /// <summary>The public half, as a JSON Web Key.</summary>
    public string Jwk { get; }

    /// <summary>Makes a key that exists in memory only.</summary>
    public static AuditSigningKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads the key from a PKCS #8 PEM file; makes it, with mode 0600, when there is none.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CryptographicException">The file holds no P-256 private key.</exception>
    /// <exception cref="IOException">The file can't be read or made.</exception>
    public static AuditSigningKey LoadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            WriteNew(path);
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            if (key.KeySize != 256)
            {
                throw new CryptographicException("The audit log's key must be an EC key on P-256.");
            }

            return new AuditSigningKey(key);
        }
        catch (ArgumentException)
        {
            key.Dispose();
            throw new CryptographicException("The audit log's key file holds no PEM private key.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public byte[] Sign(ReadOnlySpan<byte> data)
        => _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <summary>A key file appears whole or not at all, and never replaces another.</summary>
    private static void WriteNew(string path)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var temporary = $"{path}.{Guid.NewGuid():N}.new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(temporary, options))
        {
            file.Write(Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
            file.Flush(flushToDisk: true);
        }

        // Another process may have been first: then its key is the one.
        ExclusiveName.Give(temporary, path);
    }
}
