using System.Text;
using Portcullis.Git.Names;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.ReceivePack;

/// <summary>Reads the single lines of a push (<c>queue_command</c> and <c>read_head_info</c> in receive-pack.c), without the liberties that git takes.</summary>
internal static class ReceivePackLineParser
{
    /// <summary>Reads <c>old SP new SP name</c>.</summary>
    public static ReceivePackCommand ParseCommand(ReadOnlySpan<byte> line, ObjectFormat format)
    {
        var hex = format.HexLength();
        if (line.Length < (2 * hex) + 3 || line[hex] != ' ' || line[(2 * hex) + 1] != ' '
            || !ObjectId.TryParse(line[..hex], out var old) || !ObjectId.TryParse(line.Slice(hex + 1, hex), out var @new))
        {
            throw PktLineException.Unexpected("A line of the push is not an old id, a new id and a ref name.");
        }

        var rawName = line[((2 * hex) + 2)..];
        return RefName.TryParse(rawName, out var name)
            ? ReceivePackCommand.For(old, @new, name)
            : new(old, @new, null, Encoding.UTF8.GetString(rawName));
    }

    /// <summary>Reads <c>shallow SP id</c>; git ignores what follows the id, here it is a mistake.</summary>
    public static bool TryParseShallow(ReadOnlySpan<byte> line, out ObjectId id)
    {
        id = default;
        if (!line.StartsWith("shallow "u8))
        {
            return false;
        }

        return ObjectId.TryParse(line["shallow "u8.Length..], out id) ? true : throw PktLineException.Unexpected("A shallow line does not name an object.");
    }
}
