using System.Diagnostics.CodeAnalysis;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Git;
using Portcullis.Git.RefFiles;

namespace Portcullis.Gateway.Backends.Host.RefFiles;

/// <summary>The file of a loose ref as it was read. Immutable.</summary>
internal sealed class LooseRefFile
{
    private readonly long readAt;

    private LooseRefFile(byte[] path, byte[] name, FileStamp stamp, long readAt, LooseRef content)
    {
        Path = path;
        Name = name;
        Content = content;
        Stamp = stamp;
        this.readAt = readAt;
    }

    /// <summary>Its path from the repository, ended by a zero byte.</summary>
    public byte[] Path { get; }

    /// <summary>The full name of the ref.</summary>
    public byte[] Name { get; }

    /// <summary>The stamp that it had.</summary>
    public FileStamp Stamp { get; }

    /// <summary>What it holds.</summary>
    public LooseRef Content { get; }

    /// <summary>Whether it is provably what it was.</summary>
    public bool Holds(RepositoryFolder folder) => folder.TryStamp(Path, follow: false, out var now) && now == Stamp && FileTimes.IsSettled(Stamp, readAt);

    /// <summary>Reads it; false when it is not as git writes it, or lies on another file system than the repository.</summary>
    public static bool TryRead(RepositoryFolder folder, byte[] path, byte[] name, ulong device, ObjectFormat format, [NotNullWhen(true)] out LooseRefFile? reference)
    {
        reference = null;
        var readAt = FileTimes.Now;
        using var file = folder.TryOpen(path);
        if (file is null || file.Stamp() is not { IsRegular: true } stamp || stamp.Device != device || stamp.Size > LooseRef.MaxBytes)
        {
            return false;
        }

        Span<byte> content = stackalloc byte[LooseRef.MaxBytes + 1];
        var length = 0;
        int count;
        while ((count = file.Read(content[length..])) > 0)
        {
            length += count;
        }

        if (count < 0 || length > LooseRef.MaxBytes || !LooseRef.TryParse(content[..length], format, out var value))
        {
            return false;
        }

        reference = new(path, name, stamp, readAt, value);
        return true;
    }
}
