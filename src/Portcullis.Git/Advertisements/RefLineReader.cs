using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>Reads lines up to the flush that must be the end of everything.</summary>
/// <param name="answer">The whole answer.</param>
internal struct RefLineReader(ReadOnlyMemory<byte> answer)
{
    private int _offset;

    /// <summary>Reads a line without the newline that ends it; false at the flush.</summary>
    public bool TryRead(out ReadOnlyMemory<byte> line)
    {
        if (TryReadSection(out line))
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

    /// <summary>The same where something follows the flush.</summary>
    public bool TryReadSection(out ReadOnlyMemory<byte> line)
    {
        var rest = answer.Span[_offset..];
        var before = rest.Length;
        if (!PktLineReader.TryRead(ref rest, out var kind, out var payload))
        {
            throw PktLineException.CutShort();
        }

        var start = _offset + PktLine.HeaderLength;
        _offset += before - rest.Length;
        line = answer.Slice(start, payload is [.., (byte)'\n'] ? payload.Length - 1 : payload.Length);
        return kind switch
        {
            PktLineKind.Data => true,
            PktLineKind.Flush => false,
            _ => throw RefSnapshotParser.Unexpected(),
        };
    }
}
