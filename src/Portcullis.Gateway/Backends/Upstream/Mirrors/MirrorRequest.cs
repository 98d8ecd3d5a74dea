using System.Buffers;
using Portcullis.Gateway.Backends.Upstream.Advertisements;
using Portcullis.Git;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream.Mirrors;

/// <summary>Writes the request by which a mirror is brought up to date (gitprotocol-v2 "fetch"; gitprotocol-pack "Packfile Negotiation").</summary>
internal static class MirrorRequest
{
    private const string Agent = "agent=portcullis";

    /// <summary>The protocol version that the upstream is asked in.</summary>
    public static GitProtocolVersion VersionFor(UpstreamFacts facts) => facts.Version2 is null ? GitProtocolVersion.V0 : GitProtocolVersion.V2;

    /// <summary>Writes the request.</summary>
    /// <param name="facts">What the upstream can do.</param>
    /// <param name="wants">What is to be sent.</param>
    /// <param name="haves">What is here.</param>
    /// <param name="withoutTrees">Whether commits and tags are enough.</param>
    public static ReadOnlyMemory<byte> Write(UpstreamFacts facts, IReadOnlyCollection<ObjectId> wants, IEnumerable<ObjectId> haves, bool withoutTrees)
    {
        var output = new ArrayBufferWriter<byte>(256 + (wants.Count * 60));
        var format = facts.Format == ObjectFormat.Sha256 ? "object-format=sha256" : "object-format=sha1";
        if (facts.Version2 is { } version2)
        {
            output.WriteText("command=fetch");
            if (version2.TryGetValue("agent", out _))
            {
                output.WriteText(Agent);
            }

            if (version2.TryGetValue("object-format", out _))
            {
                output.WriteText(format);
            }

            output.WriteDelim();
            output.WriteText("ofs-delta");
            output.WriteText("no-progress");
            WriteLines(output, "want ", wants, capabilities: null);
            WriteLines(output, "have ", haves, capabilities: null);
            if (withoutTrees)
            {
                output.WriteText("filter tree:0");
            }

            output.WriteText("done");
            output.WriteFlush();
            return output.WrittenMemory;
        }

        string[] known = ["side-band-64k", "ofs-delta", "no-progress", "object-format", "agent", "filter"];
        var used = known.Where(facts.Version0.Contains).Select(name => name switch { "object-format" => format, "agent" => Agent, _ => name });
        WriteLines(output, "want ", wants, string.Join(' ', used));
        if (withoutTrees)
        {
            output.WriteText("filter tree:0");
        }

        output.WriteFlush();
        WriteLines(output, "have ", haves, capabilities: null);
        output.WriteText("done");
        return output.WrittenMemory;
    }

    private static void WriteLines(ArrayBufferWriter<byte> output, string keyword, IEnumerable<ObjectId> ids, string? capabilities)
    {
        foreach (var id in ids)
        {
            output.WriteText(capabilities is null ? $"{keyword}{id}" : $"{keyword}{id} {capabilities}");
            capabilities = null;
        }
    }
}
