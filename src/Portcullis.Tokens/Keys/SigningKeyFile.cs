using System.Security.Cryptography;
using System.Text;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Tokens.Keys;

/// <summary>A signing key on disk: PEM, readable and writable by its owner alone from the first moment (mode 0600), never half written.</summary>
public static class SigningKeyFile
{
    private const int MaximumBytes = 64 * 1024;

    /// <summary>Loads the key, or makes one and saves it if there is no file. Two programs that start at once end up with the same key.</summary>
    /// <param name="path">The file; missing folders are made, for the owner alone.</param>
    /// <param name="algorithm">The algorithm: of a new key, and what an existing one must suit.</param>
    /// <exception cref="KeySetFormatException">The file holds no key for this algorithm. It is left as it is.</exception>
    /// <exception cref="IOException">The file can't be read or written.</exception>
    public static SigningKey LoadOrCreate(string path, string algorithm = SignatureAlgorithms.ES256)
    {
        if (!File.Exists(path))
        {
            SigningKey created = SigningKey.Create(algorithm);
            if (TrySaveNew(path, created))
            {
                return created;
            }

            created.Dispose();
        }

        return Load(path, algorithm);
    }

    /// <summary>Loads a key.</summary>
    /// <param name="path">The file.</param>
    /// <param name="algorithm">What it must suit; <see langword="null"/>: as the file says, else by its kind.</param>
    /// <exception cref="KeySetFormatException">The file holds no key for this algorithm.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static SigningKey Load(string path, string? algorithm = null)
    {
        byte[] content = BoundedFile.Read(path, MaximumBytes);
        try
        {
            return SigningKey.FromPem(Encoding.UTF8.GetString(content), algorithm);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Saves a key under a name that nothing has yet. Returns <see langword="false"/>, and changes nothing, if the name is taken.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static bool TrySaveNew(string path, SigningKey key)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        string temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Path.GetRandomFileName()}");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            // Given to open(2) itself: there is no moment at which others could open the file.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        byte[] content = Encoding.UTF8.GetBytes(key.ToPem());
        try
        {
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            return ExclusiveMove.TryMove(temporary, full);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
            File.Delete(temporary);
        }
    }

    /// <summary>A sentence when others than its owner may read or write the file, for <c>doctor</c>; otherwise <see langword="null"/>.</summary>
    public static string? FindModeProblem(string path) => BoundedFile.FindModeProblem(path);
}
