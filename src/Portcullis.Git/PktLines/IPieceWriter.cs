using System.Buffers;

namespace Portcullis.Git.PktLines;

/// <summary>A place to write to that can also take bytes as they lie: a run of thousands of lines is then sent from where it is kept.</summary>
public interface IPieceWriter : IBufferWriter<byte>
{
    /// <summary>Appends bytes without copying them.</summary>
    /// <param name="piece">Bytes that never change.</param>
    void Append(ReadOnlyMemory<byte> piece);
}
