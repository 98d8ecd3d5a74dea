using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Portcullis.Gateway.Backends.Host.Freshness;

/// <summary>A file that was read once, and the proof that reading it again would give the same. Immutable. An absent file is proved absent.</summary>
internal sealed class FileProof
{
    private readonly byte[] path;
    private readonly bool follow;
    private readonly FileStamp stamp;
    private readonly long readAt;
    private readonly byte[]? hash;

    private FileProof(byte[] path, bool follow, FileStamp stamp, long readAt, byte[]? hash)
    {
        this.path = path;
        this.follow = follow;
        this.stamp = stamp;
        this.readAt = readAt;
        this.hash = hash;
    }

    /// <summary>The stamp that it had.</summary>
    public FileStamp Stamp => stamp;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path, ended by a zero byte.</param>
    /// <param name="follow">Whether a symbolic link stands for what it leads to; else it can't be read.</param>
    /// <param name="maxBytes">The bound of what is read.</param>
    /// <param name="content">What it holds; empty when there is no file.</param>
    /// <param name="proof">The proof.</param>
    /// <returns>False when there is something that can't be read whole, or is no regular file.</returns>
    public static bool TryRead(byte[] path, bool follow, int maxBytes, out byte[] content, [NotNullWhen(true)] out FileProof? proof)
    {
        content = [];
        proof = null;
        var readAt = FileTimes.Now;
        using var file = NativeFile.TryOpen(path, follow);
        FileStamp stamp;
        if (file is null)
        {
            if (!NativeFile.TryStamp(path, follow, out stamp) || stamp.Exists)
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

        proof = new(path, follow, stamp, readAt, SHA256.HashData(content));
        return true;
    }

    /// <summary>Takes the stamp alone of a file that is too large to be read again, such as a program: it is proved once the stamp has settled.</summary>
    public static bool TryStamp(byte[] path, [NotNullWhen(true)] out FileProof? proof)
    {
        var readAt = FileTimes.Now;
        proof = NativeFile.TryStamp(path, follow: true, out var stamp) ? new(path, true, stamp, readAt, null) : null;
        return proof is not null;
    }

    /// <summary>Whether the file is provably what it was. Takes one system call and no memory.</summary>
    public bool Holds() => NativeFile.TryStamp(path, follow, out var now) && now == stamp && FileTimes.IsSettled(stamp, readAt);

    /// <summary>Whether the file has the stamp that it had.</summary>
    public bool IsUntouched() => NativeFile.TryStamp(path, follow, out var now) && now == stamp;

    /// <summary>Whether both files, read at different times, held the same.</summary>
    public bool IsSameAs(FileProof other) => hash is not null && stamp.Exists == other.stamp.Exists && hash.AsSpan().SequenceEqual(other.hash);

    /// <summary>Whether the file, read again, holds the same; the newer proof may hold longer.</summary>
    public bool TryRenew([NotNullWhen(true)] out FileProof? renewed)
    {
        if (Holds())
        {
            renewed = this;
            return true;
        }

        // Not larger than it was, or it is another.
        renewed = null;
        return hash is not null && TryRead(path, follow, (int)stamp.Size, out _, out renewed) && renewed.IsSameAs(this);
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
