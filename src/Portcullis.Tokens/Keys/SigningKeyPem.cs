using System.Security.Cryptography;

namespace Portcullis.Tokens.Keys;

/// <summary>A private key as text: PKCS#8 in PEM, preceded by its algorithm and id, since PKCS#8 can't tell RS256 from PS256.</summary>
internal static class SigningKeyPem
{
    private const string AlgorithmField = "Algorithm: ";

    public static string Write(string algorithm, string keyId, byte[] pkcs8) => $"{AlgorithmField}{algorithm}\nKey-Id: {keyId}\n{PemEncoding.WriteString("PRIVATE KEY", pkcs8)}\n";

    public static string? FindAlgorithm(string pem)
    {
        foreach (ReadOnlySpan<char> line in pem.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("-----BEGIN", StringComparison.Ordinal))
            {
                return null;
            }

            if (line.StartsWith(AlgorithmField, StringComparison.Ordinal))
            {
                string algorithm = line[AlgorithmField.Length..].Trim().ToString();
                return SignatureAlgorithms.IsSupported(algorithm) && !SignatureAlgorithms.IsSymmetric(algorithm)
                    ? algorithm
                    : throw new KeySetFormatException("The \"Algorithm:\" line before the private key names no algorithm of a key pair.");
            }
        }

        return null;
    }

    public static ECDsa? TryImportEcdsa(string pem) => TryImport(ECDsa.Create(), static (key, text) => key.ImportFromPem(text), pem);

    public static RSA? TryImportRsa(string pem) => TryImport(RSA.Create(), static (key, text) => key.ImportFromPem(text), pem);

    private static T? TryImport<T>(T key, Action<T, string> import, string pem)
        where T : AsymmetricAlgorithm
    {
        try
        {
            import(key, pem);
            return key;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or NotSupportedException)
        {
            // The other kind of key, or none: the caller tries both.
            key.Dispose();
            return null;
        }
    }
}
