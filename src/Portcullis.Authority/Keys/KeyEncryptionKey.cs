using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.Keys;

/// <summary>The operator's 256-bit key.</summary>
internal sealed class KeyEncryptionKey(byte[] key)
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    public static KeyEncryptionKey Read(string file)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AuthorityDatabaseException($"The key file '{file}' can't be read.", exception);
        }

        if (content.Length == 32)
        {
            return new KeyEncryptionKey(content);
        }

        try
        {
            var decoded = Convert.FromBase64String(Encoding.ASCII.GetString(content).Trim());
            if (decoded.Length == 32)
            {
                return new KeyEncryptionKey(decoded);
            }
        }
        catch (FormatException)
        {
            // Said below, without a word of the content.
        }

        throw new AuthorityDatabaseException($"The key file '{file}' must hold 32 random bytes, raw or in Base64 (openssl rand -base64 32).");
    }

    public byte[] Encrypt(ReadOnlySpan<byte> plain)
    {
        var output = new byte[NonceSize + plain.Length + TagSize];
        RandomNumberGenerator.Fill(output.AsSpan(0, NonceSize));
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(output.AsSpan(0, NonceSize), plain, output.AsSpan(NonceSize, plain.Length), output.AsSpan(NonceSize + plain.Length));
        return output;
    }

    public byte[] Decrypt(ReadOnlySpan<byte> input)
    {
        if (input.Length < NonceSize + TagSize)
        {
            throw new CryptographicException("Too short.");
        }

        var plain = new byte[input.Length - NonceSize - TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(input[..NonceSize], input[NonceSize..^TagSize], input[^TagSize..], plain);
        return plain;
    }
}

/// <summary>Encrypts Data Protection's own keys under the operator's key.</summary>
internal sealed class KeyFileEncryptor(KeyEncryptionKey key) : IXmlEncryptor
{
    public EncryptedXmlInfo Encrypt(XElement plaintextElement) => new(
        new XElement("encryptedKey", Convert.ToBase64String(key.Encrypt(Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting))))),
        typeof(KeyFileDecryptor));
}

/// <summary>See <see cref="KeyFileEncryptor"/>. Named in the stored documents, so it keeps its name.</summary>
internal sealed class KeyFileDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) => XElement.Parse(Encoding.UTF8.GetString(
        services.GetRequiredService<KeyEncryptionKey>().Decrypt(Convert.FromBase64String(encryptedElement.Value))));
}
