using System.Security.Cryptography;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Issuers;

/// <summary>
/// A key set read from a file and read again when the file changes. Looked at when it is asked for, once a second at most, rather than watched: a watcher costs a kernel resource for
/// each file, misses changes on network file systems and through replaced links, and mounted secrets (Kubernetes) are replaced exactly so.
/// </summary>
internal sealed class ReloadingFile(string path, long maximumBytes, Func<byte[], KeySet> parse, TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_intervalForUnknownKey = TimeSpan.FromMilliseconds(100);

    // Coarser than any file system's clock that is still met (FAT: 2 s).
    private static readonly TimeSpan s_stampGranularity = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private volatile State? _state;
    private long _lastLook;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public State? Current => _state;

    /// <summary>The set that counts now; the last good one while the file is missing or broken.</summary>
    public KeySet? Get() => Get(s_interval);

    /// <summary>The same for a token with a key that isn't known: perhaps the file has just been replaced. Looked at more often, yet not as often as anyone likes.</summary>
    public KeySet? GetForUnknownKey() => Get(s_intervalForUnknownKey);

    private KeySet? Get(TimeSpan interval)
    {
        State? state = _state;
        if (state is not null && time.GetElapsedTime(Volatile.Read(ref _lastLook)) < interval)
        {
            return state.Keys;
        }

        // Whoever comes while another one looks is served with what was there before, except at the very first time.
        if (!_gate.TryEnter())
        {
            if (state is not null)
            {
                return state.Keys;
            }

            _gate.Enter();
        }

        try
        {
            state = _state;
            if (state is null || time.GetElapsedTime(_lastLook) >= interval)
            {
                _state = state = Look(state);
                Volatile.Write(ref _lastLook, time.GetTimestamp());
            }

            return state.Keys;
        }
        finally
        {
            _gate.Exit();
        }
    }

    private State Look(State? last)
    {
        DateTimeOffset now = time.GetUtcNow();
        try
        {
            var stamp = FileStamp.Of(Path);
            // A file written twice within the clock's granularity shows the same stamp: as git does for its index (racy-git.adoc), such a stamp isn't believed.
            if (last is not null && last.Problem is null && last.Stamp == stamp && now - stamp.Written > s_stampGranularity && last.ReadAt - stamp.Written > s_stampGranularity)
            {
                return last;
            }

            byte[] content = BoundedFile.Read(Path, maximumBytes);
            byte[] digest = SHA256.HashData(content);
            if (last?.Keys is not null && CryptographicOperations.FixedTimeEquals(digest, last.Digest))
            {
                return last with { Stamp = stamp, ReadAt = now, Problem = null };
            }

            return new State(parse(content), now, now, stamp, digest, Problem: null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or KeySetFormatException)
        {
            string problem = exception switch
            {
                KeySetFormatException => exception.Message,
                FileNotFoundException or DirectoryNotFoundException => "The file does not exist.",
                UnauthorizedAccessException => "The file may not be read by this user.",
                _ => "The file could not be read: " + exception.GetType().Name + ".",
            };
            return last is null ? new State(null, null, now, default, [], problem) : last with { ReadAt = now, Problem = problem };
        }
    }

    /// <summary>What is known of the file.</summary>
    internal sealed record State(KeySet? Keys, DateTimeOffset? LoadedAt, DateTimeOffset ReadAt, FileStamp Stamp, byte[] Digest, string? Problem);
}
