using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Portcullis.CredentialHelper.Sessions;

/// <summary>
/// A login on disk, for its owner's eyes alone: mode 0600 from the first moment, in a folder of mode 0700, replaced as a whole. Whoever has it open is alone: of several gits that start at once, one signs in and the others
/// find the token.
/// </summary>
internal sealed class SessionFile : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(50);

    private readonly string _path;
    private readonly string _authority;
    private readonly FileStream _lock;

    private SessionFile(string path, string authority, FileStream @lock) => (_path, _authority, _lock) = (path, authority, @lock);

    /// <summary>The folder: below XDG_STATE_HOME, or where the system keeps such things.</summary>
    public static string DefaultFolder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state ? state
        : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
        "git-credential-portcullis");

    /// <summary>Opens an authority's file, once nobody else has it open.</summary>
    /// <exception cref="IOException">It can't be opened.</exception>
    public static async Task<SessionFile> OpenAsync(string folder, string authority, TimeProvider time)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }

        var path = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(authority)))[..32] + ".json");
        for (var started = time.GetTimestamp(); ;)
        {
            try
            {
                return new SessionFile(path, authority, new FileStream(path + ".lock", Private(FileMode.OpenOrCreate)));
            }
            catch (IOException) when (Directory.Exists(folder) && time.GetElapsedTime(started) < s_patience)
            {
                await Task.Delay(s_again, time);
            }
        }
    }

    /// <summary>The login; an empty one where there is none, or none that can be read.</summary>
    /// <exception cref="IOException">Others could read it: it is no secret any more.</exception>
    public Session Read()
    {
        var empty = new Session { Authority = _authority };
        if (!File.Exists(_path))
        {
            return empty;
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(_path) & ~OwnerOnly) != 0)
        {
            throw new IOException($"{_path} can be read by others. Sign out (git-credential-portcullis sign-out {_authority}), and in again.");
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(_path), SessionJson.Default.Session) is { } session && session.Authority == _authority ? session : empty;
        }
        catch (JsonException)
        {
            return empty;
        }
    }

    /// <summary>Replaces the login; one that holds nothing is removed.</summary>
    public void Write(Session session)
    {
        if (session.RefreshToken is null && session.Tokens.Count == 0)
        {
            File.Delete(_path);
            return;
        }

        var temporary = _path + ".new";
        File.Delete(temporary);
        using (var file = new FileStream(temporary, Private(FileMode.CreateNew)))
        {
            JsonSerializer.Serialize(file, session, SessionJson.Default.Session);
        }

        File.Move(temporary, _path, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static FileStreamOptions Private(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }
}
