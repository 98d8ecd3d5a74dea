using System.Buffers;
using System.Text;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Git.Advertisements;

/// <summary>Writes the answer to <c>info/refs</c> of protocol v0 and v1, byte for byte as git does (upload-pack.c, receive-pack.c, http-backend.c).</summary>
public static class RefAdvertisementWriter
{
    // What upload-pack writes behind symref; in this order.
    private static readonly string[] BehindSymref = ["filter", "session-id", "object-format", "agent"];

    /// <summary>Writes the whole answer.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="service">The service that was asked for.</param>
    /// <param name="version">Version 0 or 1. Receive-pack takes 2 for 0, as git does.</param>
    /// <param name="snapshot">The refs to show.</param>
    /// <param name="capabilities">
    /// The capabilities; where <c>HEAD</c> points is taken from the snapshot. Empty: no line is written for the capabilities of a repository without refs, as upload-pack
    /// does before git 2.41.
    /// </param>
    public static void Write(
        IBufferWriter<byte> output, GitService service, GitProtocolVersion version, RefSnapshot snapshot, CapabilityList capabilities)
    {
        if (version == GitProtocolVersion.V2 && service == GitService.UploadPack)
        {
            throw new ArgumentException("Version 2 has no ref advertisement.", nameof(version));
        }

        WriteStart(output, service, version);
        var isUploadPack = service == GitService.UploadPack;
        byte[]? pending = Encoding.UTF8.GetBytes((isUploadPack ? WithSymref(capabilities, snapshot) : capabilities).ToString());
        pending = pending.Length == 0 ? null : pending;
        WriteRefs(output, snapshot, isUploadPack, ref pending);
        Span<byte> hex = stackalloc byte[64];
        foreach (var have in isUploadPack ? [] : snapshot.Haves)
        {
            WriteLine(output, hex[..have.CopyHexTo(hex)], ".have"u8, default, ref pending);
        }

        if (pending is not null)
        {
            WriteLine(output, hex[..ObjectId.Zero(snapshot.Format).CopyHexTo(hex)], "capabilities^{}"u8, default, ref pending);
        }

        foreach (var shallow in snapshot.Shallow)
        {
            output.WriteText("shallow " + shallow);
        }

        output.WriteFlush();
    }

    /// <summary>Writes the answer of <c>upload-pack</c> before git 2.41 for a repository without any ref: no capabilities either.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="service">The service that was asked for.</param>
    /// <param name="version">Version 0 or 1.</param>
    public static void WriteNothing(IBufferWriter<byte> output, GitService service, GitProtocolVersion version)
    {
        WriteStart(output, service, version);
        output.WriteFlush();
    }

    private static void WriteStart(IBufferWriter<byte> output, GitService service, GitProtocolVersion version)
    {
        output.WriteText("# service=" + service.Name());
        output.WriteFlush();
        if (version == GitProtocolVersion.V1)
        {
            output.WriteText("version 1");
        }
    }

    private static CapabilityList WithSymref(CapabilityList capabilities, RefSnapshot snapshot)
    {
        var items = capabilities.Without("symref").Items;
        if (snapshot.Head is not { Id: not null, SymrefTarget: { } target })
        {
            return CapabilityList.Of(items.AsSpan());
        }

        var position = 0;
        while (position < items.Length && !BehindSymref.Contains(items[position].Split('=')[0]))
        {
            position++;
        }

        return CapabilityList.Of(items.Insert(position, "symref=HEAD:" + target).AsSpan());
    }

    private static void WriteRefs(IBufferWriter<byte> output, RefSnapshot snapshot, bool isUploadPack, ref byte[]? pending)
    {
        // Receive-pack doesn't show HEAD, nothing shows an unborn one.
        var first = snapshot.Head is not null && (!isUploadPack || snapshot.IsUnborn(0)) ? 1 : 0;
        var count = snapshot.Entries.Length;
        var copiedTo = first;
        for (var i = first; i < count; i++)
        {
            // A line with neither capabilities nor attributes is the same as in an answer to ls-refs: copied in runs.
            if (pending is null && !snapshot.HasAttributes(i))
            {
                continue;
            }

            output.WriteLines(snapshot.LinesOf(copiedTo, i));
            copiedTo = i + 1;
            var name = snapshot.NameOf(i).Span;
            WriteLine(output, snapshot.IdHexOf(i), name, default, ref pending);
            var peeled = snapshot.PeeledHexOf(i);
            if (isUploadPack && !peeled.IsEmpty)
            {
                WriteLine(output, peeled, name, "^{}"u8, ref pending);
            }
        }

        output.WriteLines(snapshot.LinesOf(copiedTo, count));
    }

    private static void WriteLine(IBufferWriter<byte> output, ReadOnlySpan<byte> id, ReadOnlySpan<byte> name, ReadOnlySpan<byte> suffix, ref byte[]? capabilities)
    {
        var line = new PktLineComposer(output, id.Length + name.Length + suffix.Length + (capabilities?.Length ?? 0) + 3);
        line.Add(id);
        line.Add((byte)' ');
        line.Add(name);
        line.Add(suffix);
        if (capabilities is not null)
        {
            line.Add((byte)0);
            line.Add(capabilities);
            capabilities = null;
        }

        line.Add((byte)'\n');
        line.Finish();
    }
}
