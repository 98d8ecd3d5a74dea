using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Portcullis.Authority.Storage;
using Portcullis.Tokens.Keys;

namespace Portcullis.Authority.Keys;

/// <summary>Writes keys into rows of the database, encrypted, and reads them again.</summary>
internal sealed class KeyRows(IDataProtectionProvider protection)
{
    // The row that holds no signing key, but the secret of codes and refresh tokens.
    private const string SecretId = "internal";
    private const string SecretAlgorithm = "internal";
    private const int SecretBytes = 64;

    /// <summary>Whether a row holds the secret.</summary>
    public static bool IsSecret(KeyRow row) => row.Algorithm == SecretAlgorithm;

    /// <summary>Makes the row of a signing key.</summary>
    public KeyRow OfKey(SigningKey key, DateTimeOffset createdAt, DateTimeOffset signsFrom) => new()
    {
        KeyId = key.KeyId!,
        Algorithm = key.Algorithm,
        ProtectedKey = Protector(key.KeyId!).Protect(Encoding.UTF8.GetBytes(key.ToPem())),
        CreatedAt = createdAt,
        SignsFrom = signsFrom,
    };

    /// <summary>Makes a secret, and its row.</summary>
    public KeyRow OfNewSecret(DateTimeOffset createdAt) => new()
    {
        KeyId = SecretId,
        Algorithm = SecretAlgorithm,
        ProtectedKey = Protector(SecretId).Protect(RandomNumberGenerator.GetBytes(SecretBytes)),
        CreatedAt = createdAt,
        SignsFrom = createdAt,
    };

    /// <summary>Reads a signing key.</summary>
    /// <exception cref="AuthorityDatabaseException">It can't be decrypted or read, or is another.</exception>
    public SigningKey ReadKey(KeyRow row)
    {
        byte[] pem = ReadSecret(row);
        try
        {
            var key = SigningKey.FromPem(Encoding.UTF8.GetString(pem), row.Algorithm);
            return key.KeyId == row.KeyId
                ? key
                : throw new AuthorityDatabaseException($"The signing key '{row.KeyId}' in the database is not the key its id says. Nothing was changed; restore the table SigningKeys from a copy.");
        }
        catch (KeySetFormatException exception)
        {
            throw new AuthorityDatabaseException($"The signing key '{row.KeyId}' in the database can't be read. Nothing was changed; restore the table SigningKeys from a copy.", exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pem);
        }
    }

    /// <summary>Reads what a row protects.</summary>
    /// <exception cref="AuthorityDatabaseException">It can't be decrypted.</exception>
    public byte[] ReadSecret(KeyRow row)
    {
        try
        {
            return Protector(row.KeyId).Unprotect(row.ProtectedKey);
        }
        catch (CryptographicException exception)
        {
            throw new AuthorityDatabaseException(
                $"The signing key '{row.KeyId}' in the database can't be decrypted. Nothing was changed. Restore the folder with the protection keys "
                + "(or the key file, or the certificate) that belongs to this database, or the database that belongs to them.", exception);
        }
    }

    // The key's id is part of the purpose: a row can't be passed off as another's.
    private IDataProtector Protector(string keyId) => protection.CreateProtector("Portcullis.SigningKey.v1", keyId);
}
