using System.Security.Cryptography;
using System.Text;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Derivation;

/// <summary>
/// The secret behind derived tokens. It is shared with nobody, signs nothing else and is in no key set: no validator of access tokens can be made to accept what
/// it has signed, and no access token is signed with it.
/// </summary>
public sealed class DerivedTokenKey
{
    private const int Length = 32;
    private const int MaximumBytes = 1024;

    private readonly byte[] _secret;

    private DerivedTokenKey(byte[] secret) => _secret = secret;

    /// <summary>Makes a key that lives as long as the program.</summary>
    public static DerivedTokenKey Create() => new(RandomNumberGenerator.GetBytes(Length));

    /// <summary>Loads the key, or makes one and saves it if there is no file: for its owner alone (mode 0600), and never half written. Nodes that share the file accept each other's tokens.</summary>
    /// <param name="path">The file; its folder must be there.</param>
    /// <exception cref="KeySetFormatException">The file holds no such key. It is left as it is.</exception>
    /// <exception cref="IOException">The file can't be read or written.</exception>
    public static DerivedTokenKey LoadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            byte[] secret = RandomNumberGenerator.GetBytes(Length);
            string temporary = $"{path}.{Path.GetRandomFileName()}";
            try
            {
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
                if (!OperatingSystem.IsWindows())
                {
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                }

                using (var stream = new FileStream(temporary, options))
                {
                    stream.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(secret) + "\n"));
                    stream.Flush(flushToDisk: true);
                }

                if (ExclusiveMove.TryMove(temporary, path))
                {
                    return new DerivedTokenKey(secret);
                }
            }
            finally
            {
                File.Delete(temporary);
            }
        }

        string text = Encoding.ASCII.GetString(BoundedFile.Read(path, MaximumBytes)).TrimEnd('\n');
        byte[] loaded = new byte[Length];
        return Convert.TryFromBase64String(text, loaded, out int written) && written == Length
            ? new DerivedTokenKey(loaded)
            : throw new KeySetFormatException("The file does not hold a secret of 256 bits in base64.");
    }

    internal byte[] Sign(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_secret, data);
}
