using System.Text.Json;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>The locks of one repository: one small file, replaced as a whole, changed by one at a time.</summary>
internal sealed class LockFile(LfsFolder folder, TimeProvider time)
{
    /// <summary>How many locks a repository can have.</summary>
    public const int MaxLocks = 10_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    /// <summary>All locks, the newest first.</summary>
    public async Task<IReadOnlyList<LfsLock>> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(folder.Locks, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return await JsonSerializer.DeserializeAsync<LfsLock[]>(file, JsonSerializerOptions.Default, cancellationToken) ?? [];
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Makes a lock, unless the file is locked. Gives the lock that stands then.</summary>
    /// <exception cref="LfsFormatException">There are as many locks as can be.</exception>
    public async Task<(LfsLock Lock, bool IsMade)> AddAsync(LfsLock wanted, CancellationToken cancellationToken)
    {
        folder.Make();
        await using var guard = await EnterAsync(cancellationToken);
        var locks = await ReadAsync(cancellationToken);
        if (locks.FirstOrDefault(held => held.Path == wanted.Path) is { } standing)
        {
            return (standing, false);
        }

        if (locks.Count >= MaxLocks)
        {
            throw new LfsFormatException(LfsProblem.TooManyObjects, $"The repository has {MaxLocks} locks, and can have no more.");
        }

        Replace([wanted, .. locks]);
        return (wanted, true);
    }

    /// <summary>Takes a lock away. False when it was gone already.</summary>
    public async Task<bool> RemoveAsync(string id, CancellationToken cancellationToken)
    {
        folder.Make();
        await using var guard = await EnterAsync(cancellationToken);
        var locks = await ReadAsync(cancellationToken);
        var rest = locks.Where(held => held.Id != id).ToArray();
        if (rest.Length == locks.Count)
        {
            return false;
        }

        Replace(rest);
        return true;
    }

    private void Replace(LfsLock[] locks)
    {
        var temporary = folder.Locks + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, locks, JsonSerializerOptions.Default);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, folder.Locks, overwrite: true);
        NativeFolders.Flush(Path.GetDirectoryName(folder.Locks)!);
    }

    // flock(2), so that it holds between the nodes that share a disk, too.
    private async Task<FileStream> EnterAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(folder.LocksGuard, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(folder.LocksGuard) && time.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }
}
