using Microsoft.Win32.SafeHandles;

namespace Portcullis.Gateway.Backends.PackCache;

/// <summary>
/// Keeps whole answers to fetches: whoever asks the same of a repository in the same state gets the same bytes, also while they are being made
/// (docs/decisions/0009). The caller must be authorized before; the cache knows nobody.
/// </summary>
internal sealed class AnswerCache : IDisposable
{
    // Each holds a file descriptor.
    private const int MaxAnswers = 512;

    private readonly AnswerCacheOptions options;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedListNode<StoredAnswer>> answers = new(StringComparer.Ordinal);
    private readonly LinkedList<StoredAnswer> byUse = new();
    private bool isDisposed;

    public AnswerCache(AnswerCacheOptions options, TimeProvider time)
    {
        this.options = options;
        this.time = time;
    }

    /// <summary>Whether anything is kept.</summary>
    public bool IsEnabled => options.MaxBytes > 0;

    /// <summary>How many bytes are kept.</summary>
    public long Bytes
    {
        get
        {
            lock (gate)
            {
                return byUse.Sum(static answer => answer.Length);
            }
        }
    }

    /// <summary>A place in an answer that is there or being made; null when there is none.</summary>
    public AnswerReader? TryJoin(string key)
    {
        lock (gate)
        {
            return Find(key);
        }
    }

    /// <summary>A place in an answer, which is made if there is none.</summary>
    /// <param name="key">The name of the fetch.</param>
    /// <param name="make">
    /// Makes the answer: appends it, and says how that went. Runs by itself until it ends or nobody waits any more; called once when <c>IsMade</c> is true, and else never.
    /// </param>
    /// <returns>The place, and whether the answer is being made for it; no place where the disk has no room.</returns>
    public (AnswerReader? Reader, bool IsMade) JoinOrMake(string key, Func<StoredAnswer, Task<BackendOutcome>> make)
    {
        StoredAnswer answer;
        AnswerReader reader;
        lock (gate)
        {
            if (Find(key) is { } found)
            {
                return (found, false);
            }

            if (isDisposed || TryCreateFile() is not { } file)
            {
                return (null, false);
            }

            answer = new StoredAnswer(key, file, time.GetTimestamp(), options.MaxBytes, Forget);
            reader = answer.TryRead()!;
            answers.Add(key, byUse.AddLast(answer));
            Evict();
        }

        _ = Task.Run(() => MakeAsync(answer, make));
        return (reader, true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            while (byUse.First is { } first)
            {
                Forget(first);
            }
        }
    }

    private async Task MakeAsync(StoredAnswer answer, Func<StoredAnswer, Task<BackendOutcome>> make)
    {
        try
        {
            var outcome = await make(answer);
            if (outcome != BackendOutcome.Served)
            {
                Forget(answer);
            }

            // Before anybody hears of the end: who has it all finds no more kept than there may be.
            lock (gate)
            {
                Evict();
            }

            answer.End(outcome, null);
        }
        catch (Exception exception)
        {
            // Whoever reads it hears of it.
            Forget(answer);
            answer.End(null, exception);
        }

        answer.CloseIfUnused();
    }

    private AnswerReader? Find(string key)
    {
        if (!answers.TryGetValue(key, out var node))
        {
            return null;
        }

        if (time.GetElapsedTime(node.Value.CreatedAt) > options.MaxAge || node.Value.TryRead() is not { } reader)
        {
            Forget(node);
            return null;
        }

        byUse.Remove(node);
        byUse.AddLast(node);
        return reader;
    }

    // Others may need what room is left more than a cache does.
    private SafeFileHandle? TryCreateFile()
    {
        var path = Path.Combine(options.Directory, Guid.NewGuid().ToString("N"));
        try
        {
            Directory.CreateDirectory(options.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (new DriveInfo(options.Directory).AvailableFreeSpace < options.MaxBytes)
            {
                return null;
            }

            var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            File.Delete(path);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Evict()
    {
        var node = byUse.First;
        var total = byUse.Sum(static answer => answer.Length);
        while (node is not null && (total > options.MaxBytes || byUse.Count > MaxAnswers || time.GetElapsedTime(node.Value.CreatedAt) > options.MaxAge))
        {
            var next = node.Next;
            total -= node.Value.Length;
            Forget(node);
            node = next;
        }
    }

    private void Forget(StoredAnswer answer)
    {
        lock (gate)
        {
            if (answers.TryGetValue(answer.Key, out var node) && node.Value == answer)
            {
                Forget(node);
            }
        }
    }

    private void Forget(LinkedListNode<StoredAnswer> node)
    {
        byUse.Remove(node);
        answers.Remove(node.Value.Key);
        node.Value.Release();
    }
}
