using System.Buffers.Binary;

namespace Portcullis.Git.ReceivePack;

/// <summary>The first twelve bytes of a pack (gitformat-pack).</summary>
/// <param name="Version">2 or 3; git writes 2.</param>
/// <param name="ObjectCount">How many objects the pack says that it holds.</param>
public readonly record struct PackHeader(uint Version, uint ObjectCount)
{
    /// <summary>Length of the header in bytes.</summary>
    public const int Length = 12;

    /// <summary>Reads the header.</summary>
    /// <param name="bytes">The first bytes of the pack.</param>
    /// <param name="header">The header, or the default.</param>
    /// <returns>False for fewer than twelve bytes, another signature and versions that git doesn't read (<c>read_pack_header</c> in packfile.c).</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out PackHeader header)
    {
        header = default;
        if (bytes.Length < Length || !bytes.StartsWith("PACK"u8) || BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) is not (2 or 3))
        {
            return false;
        }

        header = new(BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));
        return true;
    }
}
