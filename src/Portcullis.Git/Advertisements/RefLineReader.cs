using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>Reads lines up to the flush that must be the end of everything.</summary>
/// <param name="answer">The whole answer.</param>
internal struct RefLineReader(ReadOnlyMemory<byte> answer)
{
    private int _offset;

    /// <summary>Reads a line, with the newline that ends it; false at the flush that ends all.</summary>
    public bool TryRead(out ReadOnlyMemory<byte> payload)
    {
        if (TryReadPayload(out payload))
        {
            return true;
        }

        RequireEnd();
        return false;
    }

    /// <summary>Refuses anything behind what was read.</summary>
    public readonly void RequireEnd()
    {
        if (_offset != answer.Length)
        {
            throw RefSnapshotParser.Unexpected();
        }
    }

    /// <summary>Reads a line without its newline; false at a flush, behind which more may stand.</summary>
    public bool TryReadSection(out ReadOnlyMemory<byte> line)
    {
        var isLine = TryReadPayload(out line);
        line = line.Span is [.., (byte)'\n'] ? line[..^1] : line;
        return isLine;
    }

    private bool TryReadPayload(out ReadOnlyMemory<byte> payload)
    {
        var rest = answer.Span[_offset..];
        var before = rest.Length;
        if (!PktLineReader.TryRead(ref rest, out var kind, out var span))
        {
            throw PktLineException.CutShort();
        }

        var start = _offset + PktLine.HeaderLength;
        _offset += before - rest.Length;
        payload = kind == PktLineKind.Data ? answer.Slice(start, span.Length) : default;
        return kind switch
        {
            PktLineKind.Data => true,
            PktLineKind.Flush => false,
            _ => throw RefSnapshotParser.Unexpected(),
        };
    }
}
