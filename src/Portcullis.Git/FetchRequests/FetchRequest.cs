using System.Buffers;
using System.Collections.Immutable;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Git.FetchRequests;

/// <summary>
/// What a client asks of <c>git-upload-pack</c>: one model for the command <c>fetch</c> of version 2 and for the requests of versions 0 and 1. It can be written out
/// again, whole or with lines taken out or replaced, so that git sees exactly what was judged.
/// </summary>
public sealed class FetchRequest
{
    private readonly ReadOnlyMemory<byte> _head;
    private readonly CapabilityList _capabilities;

    private FetchRequest(GitProtocolVersion version, ReadOnlyMemory<byte> head, CapabilityList capabilities, CommandRequest? command, ImmutableArray<FetchLine> lines, int negotiationStart)
    {
        Version = version;
        Command = command;
        _head = head;
        _capabilities = capabilities;
        Lines = lines;
        NegotiationStart = negotiationStart;
        ObjectFormat = lines.FirstOrDefault(line => line.Kind is FetchLineKind.Want or FetchLineKind.Have or FetchLineKind.Shallow).Id.Format;
    }

    /// <summary>Version 2, or 0 for both older ones: the requests of version 1 are the same.</summary>
    public GitProtocolVersion Version { get; }

    /// <summary>In version 2 the request that the lines are the arguments of; null in the older ones.</summary>
    public CommandRequest? Command { get; }

    /// <summary>In versions 0 and 1 the capabilities on the first want; empty in version 2.</summary>
    public CapabilityList Capabilities => _capabilities;

    /// <summary>The lines in their order.</summary>
    public ImmutableArray<FetchLine> Lines { get; }

    /// <summary>In versions 0 and 1: how many of <see cref="Lines"/> stand before the first flush, behind which the negotiation starts. In version 2 all of them.</summary>
    public int NegotiationStart { get; }

    /// <summary>The format of all ids in the request; SHA-1 when there are none.</summary>
    public ObjectFormat ObjectFormat { get; }

    /// <summary>Whether nothing is asked: the lone flush with which git probes the way, or an empty fetch.</summary>
    public bool IsEmpty => Lines.IsEmpty;

    /// <summary>Whether the client ended the negotiation.</summary>
    public bool IsDone => Lines.Any(line => line.Kind == FetchLineKind.Done);

    /// <summary>Whether the client asks for a history that is cut.</summary>
    public bool IsDeepening => Lines.Any(line => line.Kind is FetchLineKind.Deepen or FetchLineKind.DeepenSince or FetchLineKind.DeepenNot);

    /// <summary>The filter of a partial clone; null for all objects.</summary>
    public string? Filter => Lines.Where(line => line.Kind == FetchLineKind.Filter).Select(line => line.Argument).FirstOrDefault();

    /// <summary>The objects wanted.</summary>
    public IEnumerable<ObjectId> Wants => IdsOf(FetchLineKind.Want);

    /// <summary>The objects that the client says it has.</summary>
    public IEnumerable<ObjectId> Haves => IdsOf(FetchLineKind.Have);

    /// <summary>The refs wanted by name (version 2).</summary>
    public IEnumerable<string> WantRefs => Lines.Where(line => line.Kind == FetchLineKind.WantRef).Select(line => line.Argument);

    /// <summary>Reads the arguments of a request of version 2.</summary>
    /// <param name="request">A request whose command is <c>fetch</c>.</param>
    /// <returns>The fetch.</returns>
    /// <exception cref="PktLineException">An argument is unknown or malformed, or of another object format than the request.</exception>
    /// <exception cref="ArgumentException">The command is another.</exception>
    public static FetchRequest Parse(CommandRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Command != "fetch")
        {
            throw new ArgumentException("The command is not fetch.", nameof(request));
        }

        var lines = ImmutableArray.CreateBuilder<FetchLine>(request.Arguments.Length);
        foreach (var argument in request.Arguments)
        {
            lines.Add(FetchLineParser.Parse(argument));
        }

        RefuseRepeated(lines, FetchLineKind.Filter, FetchLineKind.PackfileUris, FetchLineKind.Deepen, FetchLineKind.DeepenSince);
        RefuseOtherFormats(lines, request.ObjectFormat);
        return new(GitProtocolVersion.V2, request.Head, CapabilityList.Empty, request, lines.DrainToImmutable(), request.Arguments.Length);
    }

    /// <summary>Reads a body of versions 0 and 1: wants and what belongs to them, a flush, the negotiation.</summary>
    /// <param name="body">The whole body; the request keeps parts of it.</param>
    /// <returns>The fetch.</returns>
    /// <exception cref="PktLineException">The body isn't such a request.</exception>
    public static FetchRequest ParseV0(ReadOnlyMemory<byte> body)
    {
        var lines = ImmutableArray.CreateBuilder<FetchLine>();
        var capabilities = CapabilityList.Empty;
        var position = 0;
        var hasWant = false;
        PktLineKind kind;
        while ((kind = CommandRequest.ReadLine(body, ref position, out var payload)) == PktLineKind.Data)
        {
            var isFirstWant = !hasWant && payload.Span.StartsWith("want "u8);
            hasWant |= isFirstWant;
            var line = isFirstWant ? ParseFirstWant(payload, out capabilities) : FetchLineParser.Parse(payload);
            lines.Add(line.Kind is FetchLineKind.Want or FetchLineKind.Shallow or FetchLineKind.Deepen or FetchLineKind.DeepenSince or FetchLineKind.DeepenNot or FetchLineKind.Filter
                ? line
                : throw PktLineException.Unexpected("A line of the fetch stands where it has no place."));
        }

        RequireFlush(kind);
        var negotiationStart = lines.Count;
        var isDone = false;
        while (position < body.Length)
        {
            kind = CommandRequest.ReadLine(body, ref position, out var payload);
            var line = kind == PktLineKind.Data ? FetchLineParser.Parse(payload) : new(FetchLineKind.Flush, default, .., default);
            if (kind != PktLineKind.Data)
            {
                RequireFlush(kind);
            }

            if (isDone || line.Kind is not (FetchLineKind.Have or FetchLineKind.Done or FetchLineKind.Flush))
            {
                throw PktLineException.Unexpected("A line of the fetch stands where it has no place.");
            }

            isDone = line.Kind == FetchLineKind.Done;
            lines.Add(line);
        }

        if (!hasWant && lines.Count > 0)
        {
            throw PktLineException.Unexpected("The fetch wants nothing.");
        }

        RefuseRepeated(lines, FetchLineKind.Filter, FetchLineKind.Deepen, FetchLineKind.DeepenSince);
        RefuseOtherFormats(lines, lines.FirstOrDefault(line => line.Kind == FetchLineKind.Want).Id.Format);
        return new(GitProtocolVersion.V0, default, capabilities, null, lines.DrainToImmutable(), negotiationStart);
    }

    /// <summary>Whether the client asks for something with a word, as an argument or as a capability: <c>thin-pack</c>, <c>include-tag</c>, …</summary>
    /// <param name="name">The word.</param>
    /// <returns>Whether it does.</returns>
    public bool HasOption(string name) => _capabilities.Contains(name) || Lines.Any(line => line.Kind == FetchLineKind.Option && line.Argument == name);

    /// <summary>The request with lines changed or left out.</summary>
    /// <param name="change">Gives what is to stand in place of a line: the same, another of the same kind, or null for nothing.</param>
    /// <param name="capabilities">In versions 0 and 1 the capabilities instead of those sent; null keeps them.</param>
    /// <returns>A new request.</returns>
    public FetchRequest With(Func<FetchLine, FetchLine?> change, CapabilityList? capabilities = null)
    {
        ArgumentNullException.ThrowIfNull(change);
        var lines = ImmutableArray.CreateBuilder<FetchLine>(Lines.Length);
        var negotiationStart = 0;
        for (var i = 0; i < Lines.Length; i++)
        {
            if (change(Lines[i]) is { } line)
            {
                lines.Add(line);
                negotiationStart += i < NegotiationStart ? 1 : 0;
            }
        }

        return new(Version, _head, capabilities ?? _capabilities, Command, lines.DrainToImmutable(), negotiationStart);
    }

    /// <summary>Writes the request: byte for byte as git sent it when nothing was changed.</summary>
    /// <param name="output">Where to.</param>
    public void WriteTo(IBufferWriter<byte> output)
    {
        output.Write(_head.Span);
        var hasWant = false;
        for (var i = 0; i < Lines.Length; i++)
        {
            if (i == NegotiationStart && Version != GitProtocolVersion.V2)
            {
                output.WriteFlush();
            }

            var line = Lines[i];
            if (line.Kind == FetchLineKind.Flush)
            {
                output.WriteFlush();
            }
            else if (line.Kind == FetchLineKind.Want && !hasWant && !_capabilities.Items.IsEmpty)
            {
                output.WriteText($"want {line.Id} {_capabilities}");
            }
            else
            {
                output.WriteData(line.Payload.Span);
            }

            hasWant |= line.Kind == FetchLineKind.Want;
        }

        if (Version == GitProtocolVersion.V2 || NegotiationStart == Lines.Length)
        {
            output.WriteFlush();
        }
    }

    // want SP id [SP capabilities]; the line that is kept has only the id.
    private static FetchLine ParseFirstWant(ReadOnlyMemory<byte> payload, out CapabilityList capabilities)
    {
        var line = PktLineText.Of(payload.Span);
        var space = line["want ".Length..].IndexOf((byte)' ');
        if (space < 0)
        {
            capabilities = CapabilityList.Empty;
            return FetchLineParser.Parse(payload);
        }

        capabilities = CapabilityList.Parse(line["want ".Length..][(space + 1)..]);
        return ObjectId.TryParse(line.Slice("want ".Length, space), out var id)
            ? FetchLine.Want(id)
            : throw PktLineException.Unexpected("A line of the fetch is unknown or malformed.");
    }

    private static void RequireFlush(PktLineKind kind)
    {
        if (kind != PktLineKind.Flush)
        {
            throw PktLineException.Unexpected("Only data and flush packets have a place in this fetch.");
        }
    }

    private static void RefuseRepeated(ImmutableArray<FetchLine>.Builder lines, params ReadOnlySpan<FetchLineKind> kinds)
    {
        foreach (var kind in kinds)
        {
            if (lines.Count(line => line.Kind == kind) > 1)
            {
                throw PktLineException.Unexpected("The fetch holds a line twice that may stand only once.");
            }
        }
    }

    private static void RefuseOtherFormats(ImmutableArray<FetchLine>.Builder lines, ObjectFormat format)
    {
        foreach (var line in lines)
        {
            if (line.Kind is FetchLineKind.Want or FetchLineKind.Have or FetchLineKind.Shallow && line.Id.Format != format)
            {
                throw PktLineException.Unexpected("The fetch names objects of another format.");
            }
        }
    }

    private IEnumerable<ObjectId> IdsOf(FetchLineKind kind)
    {
        foreach (var line in Lines)
        {
            if (line.Kind == kind)
            {
                yield return line.Id;
            }
        }
    }
}
