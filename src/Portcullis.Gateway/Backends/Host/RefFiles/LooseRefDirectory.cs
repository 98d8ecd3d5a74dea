using System.Diagnostics.CodeAnalysis;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Git;
using Portcullis.Git.RefFiles;

namespace Portcullis.Gateway.Backends.Host.RefFiles;

/// <summary>A folder below <c>refs/</c> with all that is in it, as it was read (<c>loose_fill_ref_dir</c> in refs/files-backend.c). Immutable.</summary>
internal sealed class LooseRefDirectory
{
    private const int MaxDepth = 64;
    private const int MaxFiles = 500_000;

    private readonly byte[] path;
    private readonly byte[] prefix;
    private readonly FileStamp stamp;
    private readonly long readAt;
    private readonly List<LooseRefDirectory> directories;
    private readonly List<LooseRefFile> files;

    private LooseRefDirectory(byte[] path, byte[] prefix, FileStamp stamp, long readAt, List<LooseRefDirectory> directories, List<LooseRefFile> files)
    {
        this.path = path;
        this.prefix = prefix;
        this.stamp = stamp;
        this.readAt = readAt;
        this.directories = directories;
        this.files = files;
    }

    /// <summary>Reads the folder <c>refs</c> of a repository.</summary>
    /// <param name="folder">The repository's directory.</param>
    /// <param name="format">Its object format.</param>
    /// <param name="previous">What was read before: what provably is the same is not read again.</param>
    /// <param name="root">What was read; <paramref name="previous"/> itself when all of it is the same.</param>
    /// <param name="isChanged">Whether a ref differs from <paramref name="previous"/>.</param>
    /// <param name="isTouched">Whether anything may have changed meanwhile, though it be the same again.</param>
    /// <returns>False when something there is not as git makes it, or changed while it was read.</returns>
    public static bool TryRead(RepositoryFolder folder, ObjectFormat format, LooseRefDirectory? previous, [NotNullWhen(true)] out LooseRefDirectory? root, out bool isChanged, out bool isTouched)
    {
        var reading = new Reading(folder, format);
        root = reading.Read("refs\0"u8.ToArray(), "refs/"u8.ToArray(), previous, 0);
        isChanged = reading.IsChanged || previous is null;
        isTouched = reading.IsTouched || isChanged;
        return root is not null;
    }

    /// <summary>Whether everything in it is provably what it was.</summary>
    public bool Holds(RepositoryFolder folder)
    {
        if (!HoldsItself(folder))
        {
            return false;
        }

        foreach (var file in files)
        {
            if (!file.Holds(folder))
            {
                return false;
            }
        }

        foreach (var directory in directories)
        {
            if (!directory.Holds(folder))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>All refs in it, by the bytes of their names.</summary>
    public List<StoredRef> Refs()
    {
        var refs = new List<StoredRef>();
        Collect(refs);
        refs.Sort(static (left, right) => left.Name.Span.SequenceCompareTo(right.Name.Span));
        return refs;
    }

    private bool HoldsItself(RepositoryFolder folder) => folder.TryStamp(path, follow: false, out var now) && now == stamp && FileTimes.IsSettled(stamp, readAt);

    private void Collect(List<StoredRef> refs)
    {
        foreach (var file in files)
        {
            refs.Add(new(file.Name, file.Content.Id, file.Content.Target));
        }

        foreach (var directory in directories)
        {
            directory.Collect(refs);
        }
    }

    /// <summary>One walk through the folders.</summary>
    private sealed class Reading(RepositoryFolder folder, ObjectFormat format)
    {
        private ulong? device;
        private int count;

        public bool IsChanged { get; private set; }

        public bool IsTouched { get; private set; }

        public LooseRefDirectory? Read(byte[] path, byte[] prefix, LooseRefDirectory? previous, int depth)
        {
            if (depth > MaxDepth)
            {
                return null;
            }

            return previous is not null && previous.HoldsItself(folder) ? ReadKnown(previous, depth) : ReadNew(path, prefix, previous, depth);
        }

        // The names are the same; what they name need not be.
        private LooseRefDirectory? ReadKnown(LooseRefDirectory previous, int depth)
        {
            device ??= previous.stamp.Device;
            var isSame = true;
            var files = new List<LooseRefFile>(previous.files.Count);
            foreach (var known in previous.files)
            {
                if (ReadFile(known.Path, known.Name, known) is not { } file)
                {
                    return null;
                }

                isSame &= file == known;
                files.Add(file);
            }

            var directories = new List<LooseRefDirectory>(previous.directories.Count);
            foreach (var known in previous.directories)
            {
                if (Read(known.path, known.prefix, known, depth + 1) is not { } directory)
                {
                    return null;
                }

                isSame &= directory == known;
                directories.Add(directory);
            }

            return isSame ? previous : new(previous.path, previous.prefix, previous.stamp, previous.readAt, directories, files);
        }

        private LooseRefDirectory? ReadNew(byte[] path, byte[] prefix, LooseRefDirectory? previous, int depth)
        {
            var readAt = FileTimes.Now;
            using var opened = folder.TryOpen(path, directory: true);
            if (opened is null || opened.Stamp() is not { IsDirectory: true } stamp || stamp.Device != (device ??= stamp.Device) || opened.Entries() is not { } entries)
            {
                return null;
            }

            IsTouched |= previous is not null && previous.stamp != stamp;
            var knownFiles = previous?.files.ToDictionary(file => file.Name, NameComparer.Instance);
            var knownDirectories = previous?.directories.ToDictionary(directory => directory.prefix, NameComparer.Instance);
            var files = new List<LooseRefFile>();
            var directories = new List<LooseRefDirectory>();
            var found = 0;
            foreach (var (kind, name) in entries)
            {
                if (name.AsSpan().EndsWith(".lock"u8))
                {
                    continue;
                }

                byte[] childPath = [.. path[..^1], (byte)'/', .. name, 0];
                if (IsDirectory(kind, childPath) is not { } isDirectory)
                {
                    return null;
                }

                if (isDirectory)
                {
                    byte[] childPrefix = [.. prefix, .. name, (byte)'/'];
                    var known = knownDirectories?.GetValueOrDefault(childPrefix);
                    if (Read(childPath, childPrefix, known, depth + 1) is not { } directory)
                    {
                        return null;
                    }

                    found += known is null ? 0 : 1;
                    directories.Add(directory);
                }
                else
                {
                    byte[] fullName = [.. prefix, .. name];
                    var known = knownFiles?.GetValueOrDefault(fullName);
                    if (!LooseRef.IsName(fullName) || ReadFile(childPath, fullName, known) is not { } file)
                    {
                        return null;
                    }

                    found += known is null ? 0 : 1;
                    files.Add(file);
                }
            }

            // What is new or different was seen above; what is left to see is what went away.
            IsChanged |= previous is not null && found != previous.files.Count + previous.directories.Count;
            return new(path, prefix, stamp, readAt, directories, files);
        }

        private LooseRefFile? ReadFile(byte[] path, byte[] name, LooseRefFile? known)
        {
            if (++count > MaxFiles)
            {
                return null;
            }

            if (known is not null && known.Holds(folder))
            {
                return known;
            }

            if (!LooseRefFile.TryRead(folder, path, name, device!.Value, format, out var file))
            {
                return null;
            }

            IsTouched |= known is null || known.Stamp != file.Stamp;
            IsChanged |= known is null || known.Content.Id != file.Content.Id || !known.Content.Target.Span.SequenceEqual(file.Content.Target.Span);
            return file;
        }

        // Null for what is neither: git follows links and reads from whatever it finds.
        private bool? IsDirectory(byte kind, byte[] path) => kind switch
        {
            NativeFile.DirectoryEntry => true,
            NativeFile.RegularEntry => false,
            NativeFile.UnknownEntry when folder.TryStamp(path, follow: false, out var stamp) => stamp.IsDirectory ? true : stamp.IsRegular ? false : null,
            _ => null,
        };
    }

    private sealed class NameComparer : IEqualityComparer<byte[]>
    {
        public static NameComparer Instance { get; } = new();

        public bool Equals(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

        public int GetHashCode(byte[] name)
        {
            var hash = new HashCode();
            hash.AddBytes(name);
            return hash.ToHashCode();
        }
    }
}
