using Portcullis.Git.PktLines;

namespace Portcullis.Gateway.Requests;

/// <summary>An answer of any length before it is sent: long runs where they are kept, and the rest in between.</summary>
internal sealed class PieceBuffer : IPieceWriter
{
    // To note a shorter run would cost more than to copy it.
    private const int MinPieceBytes = 1024;

    private readonly List<ReadOnlyMemory<byte>> pieces = new(4);
    private byte[] buffer = new byte[512];
    private int start;
    private int end;

    /// <summary>How many bytes there are.</summary>
    public long Length { get; private set; }

    /// <summary>The bytes, in order. Nothing may be written afterwards.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Pieces
    {
        get
        {
            EndPiece();
            return pieces;
        }
    }

    /// <inheritdoc/>
    public void Append(ReadOnlyMemory<byte> piece)
    {
        if (piece.Length < MinPieceBytes)
        {
            piece.Span.CopyTo(GetSpan(piece.Length));
            Advance(piece.Length);
            return;
        }

        EndPiece();
        pieces.Add(piece);
        Length += piece.Length;
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        end += count;
        Length += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (buffer.Length - end < Math.Max(sizeHint, 1))
        {
            // What is in the full one stays there.
            EndPiece();
            buffer = new byte[Math.Max(Math.Min(buffer.Length * 2, 64 * 1024), sizeHint)];
            start = end = 0;
        }

        return buffer.AsMemory(end);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private void EndPiece()
    {
        if (end > start)
        {
            pieces.Add(buffer.AsMemory(start..end));
            start = end;
        }
    }
}
