using System.Security.Cryptography;
using System.Text;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>
/// The Git LFS folder of one repository: <c>objects/ab/cd/&lt;oid&gt;</c> as git-lfs itself lays them out, <c>incoming</c> for what has no name yet, <c>held</c> for who
/// has brought what, and the locks.
/// </summary>
/// <param name="path">The folder. It is made with the first thing that is stored.</param>
internal sealed class LfsFolder(string path)
{
    private const string Objects = "objects";
    private const string Held = "held";

    /// <summary>The folder of what is arriving.</summary>
    public string Incoming => Path.Combine(path, "incoming");

    /// <summary>The file that holds the locks.</summary>
    public string Locks => Path.Combine(path, "locks.json");

    /// <summary>The file that is held while the locks are changed.</summary>
    public string LocksGuard => Path.Combine(path, "locks.guard");

    /// <summary>Makes the folder itself, whose parent must be there.</summary>
    public void Make() => NativeFolders.Make(path);

    /// <summary>The size of an object that is stored; null for one that is not.</summary>
    public long? SizeOf(LfsObjectId id)
    {
        var file = new FileInfo(PathOf(Objects, id));
        return file.Exists ? file.Length : null;
    }

    /// <summary>Opens an object that is stored; null for one that is not.</summary>
    public FileStream? Open(LfsObjectId id)
    {
        try
        {
            return new FileStream(PathOf(Objects, id), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Gives a finished file the name of the object that it is. Afterwards it is on the disk, under its name.</summary>
    /// <param name="finished">A file in <see cref="Incoming"/>, flushed.</param>
    /// <param name="id">The hash of its content.</param>
    public void Store(string finished, LfsObjectId id)
    {
        // Over one that is there already: it has the same content, or it has suffered.
        File.Move(finished, Place(Objects, id), overwrite: true);
        Flush(Objects, id);
    }

    /// <summary>Lets an object that is stored count as brought now, so that it is not taken away before somebody has pushed what points to it. False for one that is not here.</summary>
    public bool TryRenew(LfsObjectId id, DateTimeOffset now)
    {
        try
        {
            File.SetLastWriteTimeUtc(PathOf(Objects, id), now.UtcDateTime);
            return true;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>The objects that were brought before a moment, and not asked for by somebody who was about to bring them since.</summary>
    public IEnumerable<LfsObjectId> StoredBefore(DateTimeOffset limit)
    {
        var objects = new DirectoryInfo(Path.Combine(path, Objects));
        foreach (var file in objects.Exists ? objects.EnumerateFiles("*", SearchOption.AllDirectories) : [])
        {
            if (file.LastWriteTimeUtc < limit.UtcDateTime && LfsObjectId.TryParse(file.Name, out var id))
            {
                yield return id;
            }
        }
    }

    /// <summary>Takes an object away, and who has brought it, unless it is younger than a moment by now.</summary>
    public bool Remove(LfsObjectId id, DateTimeOffset limit)
    {
        // Put aside first, where nobody can renew it any more, and looked at again: what was renewed until then goes back.
        var place = PathOf(Objects, id);
        var aside = Path.Combine(Incoming, Guid.NewGuid().ToString("N"));
        NativeFolders.Make(Incoming);
        File.Move(place, aside);
        if (File.GetLastWriteTimeUtc(aside) >= limit.UtcDateTime)
        {
            File.Move(aside, place, overwrite: true);
            return false;
        }

        File.Delete(aside);
        var marks = Path.GetDirectoryName(PathOf(Held, id))!;
        foreach (var mark in Directory.Exists(marks) ? Directory.EnumerateFiles(marks, id + ".*") : [])
        {
            if (File.GetLastWriteTimeUtc(mark) < limit.UtcDateTime)
            {
                File.Delete(mark);
            }
        }

        return true;
    }

    /// <summary>Whether somebody has brought an object here, whole.</summary>
    public bool IsHeldBy(LfsObjectId id, Caller caller) => File.Exists(HeldPath(PathOf(Held, id), caller));

    /// <summary>Remembers who has brought an object.</summary>
    public void MarkHeldBy(LfsObjectId id, Caller caller)
    {
        var mark = HeldPath(Place(Held, id), caller);
        var isNew = !File.Exists(mark);

        // As new as what was brought, so that it does not go with what somebody brought long ago.
        File.Create(mark).Dispose();
        if (isNew)
        {
            Flush(Held, id);
        }
    }

    // Every part of these names is a digit or a constant: nothing that a client sends is a path.
    private string PathOf(string kind, LfsObjectId id)
    {
        var digits = id.ToString();
        return Path.Combine(path, kind, digits[..2], digits[2..4], digits);
    }

    private string Place(string kind, LfsObjectId id)
    {
        var place = PathOf(kind, id);
        var leaf = Path.GetDirectoryName(place)!;
        if (!Directory.Exists(leaf))
        {
            var branch = Path.GetDirectoryName(leaf)!;
            NativeFolders.Make(path);
            NativeFolders.Make(Path.Combine(path, kind));
            NativeFolders.Make(branch);
            NativeFolders.Make(leaf);
            NativeFolders.Flush(branch);
            NativeFolders.Flush(Path.Combine(path, kind));
            NativeFolders.Flush(path);
        }

        return place;
    }

    private void Flush(string kind, LfsObjectId id) => NativeFolders.Flush(Path.GetDirectoryName(PathOf(kind, id))!);

    private static string HeldPath(string place, Caller caller) =>
        $"{place}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(caller.Issuer + '\0' + caller.Subject)))[..32]}";
}
