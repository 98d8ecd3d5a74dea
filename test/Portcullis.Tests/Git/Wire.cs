using System.Buffers;
using System.Text;
using Portcullis.Git.PktLines;

namespace Portcullis.Tests.Git;

/// <summary>
/// Wire messages as lines: each line of the text is one pkt-line, <c>0000</c>, <c>0001</c> and <c>0002</c> are the special ones, and <c>\0</c> and <c>\n</c> stand for
/// the bytes. What follows <c>PACK</c> at the start of a line is not framed.
/// </summary>
internal static class Wire
{
    public static byte[] Bytes(string text)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (var line in text.Split('\n'))
        {
            switch (line)
            {
                case "0000": output.WriteFlush(); break;
                case "0001": output.WriteDelim(); break;
                case "0002": output.WriteResponseEnd(); break;
                case ['P', 'A', 'C', 'K', ..]: output.Write(Encoding.Latin1.GetBytes(line)); break;
                default: output.WriteData(Encoding.UTF8.GetBytes(line.Replace("\\0", "\0", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal))); break;
            }
        }

        return output.WrittenSpan.ToArray();
    }

    public static string Text(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<string>();
        while (PktLineReader.TryRead(ref bytes, out var kind, out var payload))
        {
            lines.Add(kind == PktLineKind.Data
                ? Encoding.UTF8.GetString(payload).Replace("\0", "\\0", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)
                : $"000{(int)kind - 1}");
        }

        return string.Join('\n', lines) + (bytes.IsEmpty ? "" : "…" + Encoding.Latin1.GetString(bytes));
    }

    public static byte[] Written(Action<ArrayBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }
}
