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
        foreach (ref readonly var entry in snapshot.Entries.AsSpan())
        {
            // Receive-pack doesn't show HEAD, nothing shows an unborn one.
            if (entry.Id is { } id && (isUploadPack || !entry.IsHead))
            {
                WriteLine(output, id, entry.NameBytes.Span, isPeeled: false, ref pending);
                if (isUploadPack && entry.Peeled is { } peeled)
                {
                    WriteLine(output, peeled, entry.NameBytes.Span, isPeeled: true, ref pending);
                }
            }
        }

        foreach (var have in isUploadPack ? [] : snapshot.Haves)
        {
            WriteLine(output, have, ".have"u8, isPeeled: false, ref pending);
        }

        if (pending is not null)
        {
            WriteLine(output, ObjectId.Zero(snapshot.Format), "capabilities^{}"u8, isPeeled: false, ref pending);
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

    private static void WriteLine(IBufferWriter<byte> output, ObjectId id, ReadOnlySpan<byte> name, bool isPeeled, ref byte[]? capabilities)
    {
        var length = PktLine.HeaderLength + id.Format.HexLength() + 1 + name.Length + (isPeeled ? 3 : 0) + (capabilities is null ? 0 : 1 + capabilities.Length) + 1;
        if (length > PktLine.MaxLength)
        {
            throw new ArgumentException("A line of the advertisement is too long.", nameof(name));
        }

        var span = output.GetSpan(length)[..length];
        PktLineWriter.WriteHeader(span, length);
        var position = PktLine.HeaderLength;
        position += id.CopyHexTo(span[position..]);
        span[position++] = (byte)' ';
        name.CopyTo(span[position..]);
        position += name.Length;
        if (isPeeled)
        {
            "^{}"u8.CopyTo(span[position..]);
            position += 3;
        }

        if (capabilities is not null)
        {
            span[position++] = 0;
            capabilities.CopyTo(span[position..]);
            position += capabilities.Length;
            capabilities = null;
        }

        span[position] = (byte)'\n';
        output.Advance(length);
    }
}
