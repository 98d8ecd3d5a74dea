using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.FetchRequests;

/// <summary>A request of protocol v2: a command, capabilities and, behind a delim-pkt, arguments (gitprotocol-v2 "Command Request"; <c>process_request</c> in serve.c).</summary>
public sealed class CommandRequest
{
    private readonly ReadOnlyMemory<byte> _head;

    private CommandRequest(string command, ImmutableArray<string> capabilities, ObjectFormat format, ReadOnlyMemory<byte> head, ImmutableArray<ReadOnlyMemory<byte>> arguments)
    {
        Command = command;
        Capabilities = capabilities;
        ObjectFormat = format;
        _head = head;
        Arguments = arguments;
    }

    /// <summary>The command: <c>ls-refs</c>, <c>fetch</c>, <c>object-info</c>, <c>bundle-uri</c> or something newer. Empty for the lone flush with which git probes the way before a large request.</summary>
    public string Command { get; }

    /// <summary>Whether the request is only a flush: nothing is asked, the answer is empty.</summary>
    public bool IsProbe => Command.Length == 0;

    /// <summary>The capabilities in their order: <c>agent=…</c>, <c>object-format=…</c>, <c>server-option=…</c>, <c>session-id=…</c>.</summary>
    public ImmutableArray<string> Capabilities { get; }

    /// <summary>The object format that the client names; SHA-1 when it names none.</summary>
    public ObjectFormat ObjectFormat { get; }

    /// <summary>The payloads of the argument lines as they were sent, newline included where there was one.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Arguments { get; }

    /// <summary>Everything up to the arguments, the delim-pkt included where there is one; as it was sent.</summary>
    internal ReadOnlyMemory<byte> Head => _head;

    /// <summary>Reads a whole body, which must hold one request and nothing behind it: over HTTP git serves one and would not look at more.</summary>
    /// <param name="body">The body; the request keeps parts of it.</param>
    /// <returns>The request.</returns>
    /// <exception cref="PktLineException">The body isn't one request.</exception>
    public static CommandRequest Parse(ReadOnlyMemory<byte> body)
    {
        string? command = null;
        string? formatName = null;
        var capabilities = ImmutableArray.CreateBuilder<string>();
        var position = 0;
        var kind = ReadLine(body, ref position, out var payload);
        while (kind == PktLineKind.Data)
        {
            var key = Encoding.UTF8.GetString(PktLineText.Of(payload.Span));
            if (key.StartsWith("command=", StringComparison.Ordinal))
            {
                SetOnce(ref command, key["command=".Length..]);
            }
            else
            {
                if (key.StartsWith("object-format=", StringComparison.Ordinal))
                {
                    SetOnce(ref formatName, key["object-format=".Length..]);
                }

                capabilities.Add(key.Length > 0 ? key : throw PktLineException.Unexpected("A capability of the request is empty."));
            }

            kind = ReadLine(body, ref position, out payload);
        }

        var format = ObjectFormat.Sha1;
        if (formatName is not null && !ObjectFormats.TryParseName(formatName, out format))
        {
            throw PktLineException.Unexpected("The object format is unknown.");
        }

        var isProbe = command is null && capabilities.Count == 0 && kind == PktLineKind.Flush;
        if (!isProbe && (string.IsNullOrEmpty(command) || kind == PktLineKind.ResponseEnd))
        {
            throw PktLineException.Unexpected("The request names no command.");
        }

        // Without arguments the head ends before the flush.
        var headLength = kind == PktLineKind.Delim ? position : position - PktLine.HeaderLength;
        var arguments = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        if (kind == PktLineKind.Delim)
        {
            while ((kind = ReadLine(body, ref position, out payload)) == PktLineKind.Data)
            {
                arguments.Add(payload);
            }
        }

        if (kind != PktLineKind.Flush || position != body.Length)
        {
            throw PktLineException.Unexpected("The request does not end with a flush.");
        }

        return new(command ?? "", capabilities.DrainToImmutable(), format, body[..headLength], arguments.DrainToImmutable());
    }

    /// <summary>Gets the value of the first capability of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">What stands behind <c>=</c>; empty when there is none.</param>
    /// <returns>Whether the client sent the capability.</returns>
    public bool TryGetCapability(string name, [NotNullWhen(true)] out string? value)
    {
        foreach (var capability in Capabilities)
        {
            if (capability.StartsWith(name, StringComparison.Ordinal) && (capability.Length == name.Length || capability[name.Length] == '='))
            {
                value = capability.Length == name.Length ? "" : capability[(name.Length + 1)..];
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>Writes the request as it was read, byte for byte but for the digits of lengths, which are written small.</summary>
    /// <param name="output">Where to.</param>
    public void WriteTo(IBufferWriter<byte> output)
    {
        output.Write(_head.Span);
        foreach (var argument in Arguments)
        {
            output.WriteData(argument.Span);
        }

        output.WriteFlush();
    }

    internal static PktLineKind ReadLine(ReadOnlyMemory<byte> body, ref int position, out ReadOnlyMemory<byte> payload)
    {
        var rest = body.Span[position..];
        var before = rest.Length;
        if (!PktLineReader.TryRead(ref rest, out var kind, out var span))
        {
            throw PktLineException.CutShort();
        }

        var length = before - rest.Length;
        payload = kind == PktLineKind.Data ? body.Slice(position + PktLine.HeaderLength, span.Length) : default;
        position += length;
        return kind;
    }

    private static void SetOnce(ref string? field, string value) =>
        field = field is null ? value : throw PktLineException.Unexpected("The request names its command or object format twice.");
}
