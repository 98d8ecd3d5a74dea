using System.Buffers;

namespace Portcullis.Git.PktLines;

/// <summary>Writes one data line out of parts, straight into the output.</summary>
internal ref struct PktLineComposer
{
    private readonly IBufferWriter<byte> _output;
    private readonly Span<byte> _span;

    /// <summary>Begins a line.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="maxPayloadLength">At least as long as all parts together.</param>
    public PktLineComposer(IBufferWriter<byte> output, int maxPayloadLength)
    {
        _output = output;
        _span = output.GetSpan(maxPayloadLength + PktLine.HeaderLength);
        Length = PktLine.HeaderLength;
    }

    /// <summary>Length of the line so far, its header included.</summary>
    public int Length { get; private set; }

    public void Add(ReadOnlySpan<byte> part)
    {
        part.CopyTo(_span[Length..]);
        Length += part.Length;
    }

    public void Add(byte part) => _span[Length++] = part;

    public void Add(ObjectId id) => Length += id.CopyHexTo(_span[Length..]);

    /// <summary>Writes the header; nothing can be added afterwards.</summary>
    public readonly void Finish()
    {
        if (Length > PktLine.MaxLength)
        {
            throw new ArgumentException("A pkt-line carries at most 65516 bytes.");
        }

        PktLineWriter.WriteHeader(_span, Length);
        _output.Advance(Length);
    }
}
