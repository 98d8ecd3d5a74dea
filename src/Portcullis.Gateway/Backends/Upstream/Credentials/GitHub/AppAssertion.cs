using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Portcullis.Gateway.Backends.Upstream.Credentials.GitHub;

/// <summary>The JWT by which a GitHub App says who it is, signed with RS256, for ten minutes at most.</summary>
internal static class AppAssertion
{
    private const int MaxKeyFileBytes = 64 << 10;

    // GitHub asks for "issued" a minute back, for clocks that differ, and takes nothing that ends more than ten minutes from its own now.
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(9);

    private static readonly string Header = Base64Url.EncodeToString("""{"alg":"RS256","typ":"JWT"}"""u8);

    /// <summary>Signs one. The key is read for each, once in an hour for a repository, so that a new key counts without a restart.</summary>
    /// <exception cref="UpstreamCredentialException">The key can't be used.</exception>
    public static string Sign(string appId, string privateKeyFile, DateTimeOffset now)
    {
        var payload = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(payload))
        {
            json.WriteStartObject();
            json.WriteNumber("iat", (now - Before).ToUnixTimeSeconds());
            json.WriteNumber("exp", (now + Lifetime).ToUnixTimeSeconds());
            json.WriteString("iss", appId);
            json.WriteEndObject();
        }

        var signed = $"{Header}.{Base64Url.EncodeToString(payload.WrittenSpan)}";
        using var key = ReadKey(privateKeyFile);
        var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static RSA ReadKey(string path)
    {
        var key = RSA.Create();
        try
        {
            key.ImportFromPem(ReadText(path));
            return key.KeySize >= 2048 ? key : throw new UpstreamCredentialException($"The key in {path} has only {key.KeySize} bits; GitHub's have 2048.");
        }
        catch (Exception exception)
        {
            key.Dispose();
            throw exception switch
            {
                UpstreamCredentialException => exception,
                FileNotFoundException or DirectoryNotFoundException => new UpstreamCredentialException($"The key file {path} does not exist."),
                IOException or UnauthorizedAccessException => new UpstreamCredentialException($"The key file {path} can't be read."),

                // Without the inner exception: a parser's message may quote its input.
                CryptographicException or ArgumentException => new UpstreamCredentialException($"The file {path} holds no unencrypted private RSA key in PEM."),
                _ => exception,
            };
        }
    }

    private static string ReadText(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var content = new byte[MaxKeyFileBytes];
        var length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        try
        {
            return Encoding.UTF8.GetString(content, 0, length);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }
}
