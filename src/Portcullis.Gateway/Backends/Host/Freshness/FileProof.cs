using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Portcullis.Gateway.Backends.Host.Freshness;

/// <summary>A file that was read once, and the proof that reading it again would give the same. An absent file is proved absent.</summary>
internal sealed class FileProof
{
    private readonly byte[] path;
    private readonly bool follow;
    private readonly FileStamp stamp;
    private readonly long readAt;
    private readonly byte[]? hash;
    private readonly HeldFile? held;

    // Of an absent file in the repository's own directory: a stamp of that directory with which it is absent.
    private volatile StrongBox<FileStamp>? folderWithout;

    private FileProof(byte[] path, bool follow, FileStamp stamp, long readAt, byte[]? hash, HeldFile? held)
    {
        this.path = path;
        this.follow = follow;
        this.stamp = stamp;
        this.readAt = readAt;
        this.hash = hash;
        this.held = held;
    }

    /// <summary>The stamp that it had.</summary>
    public FileStamp Stamp => stamp;

    /// <summary>Reads a file.</summary>
    /// <param name="folder">The repository's directory.</param>
    /// <param name="path">Its path from there, or an absolute one, ended by a zero byte.</param>
    /// <param name="follow">Whether a symbolic link stands for what it leads to; else it can't be read.</param>
    /// <param name="maxBytes">The bound of what is read.</param>
    /// <param name="content">What it holds; empty when there is no file.</param>
    /// <param name="proof">The proof.</param>
    /// <param name="held">The same file held open, if it is.</param>
    /// <returns>False when there is something that can't be read whole, or is no regular file.</returns>
    public static bool TryRead(
        RepositoryFolder folder, byte[] path, bool follow, int maxBytes, out byte[] content, [NotNullWhen(true)] out FileProof? proof, HeldFile? held = null)
    {
        content = [];
        proof = null;
        held?.LookUp();
        var readAt = FileTimes.Now;
        using var file = folder.TryOpen(path, follow);
        FileStamp stamp;
        if (file is null)
        {
            if (!folder.TryStamp(path, follow, out stamp) || stamp.Exists)
            {
                return false;
            }
        }
        else
        {
            stamp = file.Stamp();
            if (!stamp.IsRegular || stamp.Size > (ulong)maxBytes || !TryReadAll(file, maxBytes, (int)stamp.Size, out content))
            {
                return false;
            }
        }

        proof = new(path, follow, stamp, readAt, SHA256.HashData(content), held);
        return true;
    }

    /// <summary>Takes the stamp alone of a file that is too large to be read again, such as a program: it is proved once the stamp has settled.</summary>
    public static bool TryStamp(RepositoryFolder folder, byte[] path, [NotNullWhen(true)] out FileProof? proof, HeldFile? held = null)
    {
        held?.LookUp();
        var readAt = FileTimes.Now;
        proof = folder.TryStamp(path, follow: true, out var stamp) ? new(path, true, stamp, readAt, null, held) : null;
        return proof is not null;
    }

    /// <summary>Whether the file is provably what it was. Takes one system call at most, and no memory.</summary>
    public bool Holds(RepositoryFolder folder) => stamp.Exists ? IsUntouched(folder) && FileTimes.IsSettled(stamp, readAt) : IsAbsent(folder);

    /// <summary>Whether the file has the stamp that it had.</summary>
    public bool IsUntouched(RepositoryFolder folder) => TryStampNow(folder, out var now) && now == stamp;

    /// <summary>Whether both files, read at different times, held the same.</summary>
    public bool IsSameAs(FileProof other) => hash is not null && stamp.Exists == other.stamp.Exists && hash.AsSpan().SequenceEqual(other.hash);

    /// <summary>Whether the file, read again, holds the same; the newer proof may hold longer.</summary>
    public bool TryRenew(RepositoryFolder folder, [NotNullWhen(true)] out FileProof? renewed)
    {
        if (Holds(folder))
        {
            renewed = this;
            return true;
        }

        // Not larger than it was, or it is another.
        renewed = null;
        return hash is not null && TryRead(folder, path, follow, (int)stamp.Size, out _, out renewed, held) && renewed.IsSameAs(this);
    }

    private bool TryStampNow(RepositoryFolder folder, out FileStamp now) => held is null ? folder.TryStamp(path, follow, out now) : held.TryStamp(out now);

    // Nothing comes into a directory without leaving another stamp on it.
    private bool IsAbsent(RepositoryFolder folder)
    {
        if (folderWithout is { } known && known.Value == folder.Stamp)
        {
            return true;
        }

        if (!TryStampNow(folder, out var now) || now.Exists)
        {
            return false;
        }

        // A link whose target is missing is in the directory already, and nothing there tells when the target comes.
        if (folder.IsSettled && !path.Contains((byte)'/') && (!follow || (folder.TryStamp(path, follow: false, out var itself) && !itself.Exists)))
        {
            folderWithout = new(folder.Stamp);
        }

        return true;
    }

    private static bool TryReadAll(NativeFile.OpenFile file, int maxBytes, int expected, out byte[] content)
    {
        content = new byte[expected];
        var length = 0;
        while (true)
        {
            if (length == content.Length)
            {
                // One byte more than expected, to see the end.
                Array.Resize(ref content, length + (length == expected ? 1 : Math.Max(4096, length)));
            }

            var count = file.Read(content.AsSpan(length));
            if (count <= 0)
            {
                Array.Resize(ref content, length);
                return count == 0;
            }

            length += count;
            if (length > maxBytes)
            {
                return false;
            }
        }
    }
}
