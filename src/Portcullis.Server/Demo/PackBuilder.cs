using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Portcullis.Git;

namespace Portcullis.Server.Demo;

/// <summary>Makes a small pack of whole objects (gitformat-pack, version 2), without git.</summary>
internal sealed class PackBuilder
{
    private readonly MemoryStream _objects = new();
    private readonly HashSet<ObjectId> _known = [];
    private int _count;

    private enum Kind
    {
        Commit = 1,
        Tree = 2,
        Blob = 3,
    }

    /// <summary>Adds a file's content.</summary>
    public ObjectId AddBlob(string content) => Add(Kind.Blob, Encoding.UTF8.GetBytes(content));

    /// <summary>Adds a folder of plain files.</summary>
    public ObjectId AddTree(IEnumerable<KeyValuePair<string, ObjectId>> files)
    {
        var content = new MemoryStream();
        foreach (var (name, id) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            content.Write(Encoding.UTF8.GetBytes($"100644 {name}\0"));
            content.Write(Convert.FromHexString(id.ToString()));
        }

        return Add(Kind.Tree, content.ToArray());
    }

    /// <summary>Adds a commit.</summary>
    /// <param name="tree">What it holds.</param>
    /// <param name="parent">The commit before it, if there is one.</param>
    /// <param name="author">Who made it, as <c>Name &lt;mail&gt;</c>.</param>
    /// <param name="time">When.</param>
    /// <param name="message">What for.</param>
    public ObjectId AddCommit(ObjectId tree, ObjectId? parent, string author, DateTimeOffset time, string message)
    {
        var stamp = $"{author} {time.ToUnixTimeSeconds()} +0000";
        var before = parent is { } id ? $"parent {id}\n" : "";
        return Add(Kind.Commit, Encoding.UTF8.GetBytes($"tree {tree}\n{before}author {stamp}\ncommitter {stamp}\n\n{message}\n"));
    }

    /// <summary>The pack.</summary>
    public byte[] ToArray()
    {
        var pack = new MemoryStream();
        pack.Write("PACK"u8);
        pack.Write([0, 0, 0, 2, (byte)(_count >> 24), (byte)(_count >> 16), (byte)(_count >> 8), (byte)_count]);
        _objects.WriteTo(pack);
        pack.Write(Hash(pack.ToArray()));
        return pack.ToArray();
    }

    private ObjectId Add(Kind kind, byte[] content)
    {
        byte[] header = Encoding.ASCII.GetBytes($"{kind.ToString().ToLowerInvariant()} {content.Length}\0");
        var id = ObjectId.FromBytes(Hash([.. header, .. content]));
        if (!_known.Add(id))
        {
            return id;
        }

        // The kind and the low four bits of the length, then seven bits at a time.
        var length = content.Length;
        var first = ((int)kind << 4) | (length & 0x0f);
        length >>= 4;
        while (length > 0)
        {
            _objects.WriteByte((byte)(first | 0x80));
            first = length & 0x7f;
            length >>= 7;
        }

        _objects.WriteByte((byte)first);
        using (var zlib = new ZLibStream(_objects, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(content);
        }

        _count++;
        return id;
    }

    // Git's object names are SHA-1 here, and nothing is secured by them.
#pragma warning disable CA5350
    private static byte[] Hash(byte[] data) => SHA1.HashData(data);
#pragma warning restore CA5350
}
