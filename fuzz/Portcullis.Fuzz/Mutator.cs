namespace Portcullis.Fuzz;

/// <summary>Changes inputs by chance; the same seed gives the same changes.</summary>
internal sealed class Mutator(int seed)
{
    private const int MaxLength = 64 * 1024;

    // What decoders look for and what breaks them.
    private static readonly byte[][] Words =
    [
        .. new[]
        {
            "0000", "0001", "0002", "0003", "0004", "0005", "fff0", "fff1", "ffff", "refs/heads/", "refs/", "HEAD", "^{}", "..", "@{", ".lock", ".git", "/", "//", "%2f", "%2e",
            "%00", "%", "*", "^", "@", ",", ":", " ", "\t", "\n", "\r\n", "\0", "\x7f", "version=2", "service=", "want ", "have ", "done", "shallow ", "deepen 1", "push-cert",
            "object-format=sha256", "symref-target:", "peeled:", "PACK", "-1", "0x", "99999999999999999999", "0000000000000000000000000000000000000000", "\xff", "\xc0\xaf",
            "{", "}", "[", "]", "\"", "\\", "null", "true", "1e999", "eyJhbGciOiJub25lIn0", ".", "=",
        }.Select(System.Text.Encoding.Latin1.GetBytes),
    ];

    private readonly Random _random = new(seed);

    /// <summary>Picks one of a list.</summary>
    public T Pick<T>(IReadOnlyList<T> list) => list[_random.Next(list.Count)];

    /// <summary>Makes a new input out of two.</summary>
    public byte[] Mutate(byte[] input, byte[] other)
    {
        var bytes = new List<byte>(input);
        for (var changes = 1 + _random.Next(4); changes > 0; changes--)
        {
            Change(bytes, other);
        }

        return [.. bytes.Take(MaxLength)];
    }

    private void Change(List<byte> bytes, byte[] other)
    {
        var at = _random.Next(bytes.Count + 1);
        var length = Math.Min(_random.Next(1, 9), bytes.Count - at);
        switch (_random.Next(10))
        {
            case 0 when length > 0: bytes[at] ^= (byte)(1 << _random.Next(8)); break;
            case 1 when length > 0: bytes[at] = (byte)_random.Next(256); break;
            case 2: bytes.Insert(at, (byte)_random.Next(256)); break;
            case 3: bytes.RemoveRange(at, length); break;
            case 4: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
            case 5: bytes.InsertRange(at, Words[_random.Next(Words.Length)]); break;
            case 6 when length > 0:
                var word = Words[_random.Next(Words.Length)];
                bytes.RemoveRange(at, Math.Min(word.Length, bytes.Count - at));
                bytes.InsertRange(at, word);
                break;
            case 7: bytes.RemoveRange(at, bytes.Count - at); break;
            case 8 when other.Length > 0:
                var start = _random.Next(other.Length);
                bytes.InsertRange(at, other[start..(start + _random.Next(other.Length - start + 1))]);
                break;
            case 9 when bytes.Count is > 0 and < MaxLength / 2: bytes.AddRange(bytes.GetRange(0, bytes.Count)); break;
            default: RepairLength(bytes); break;
        }
    }

    // Most changes break the length of a pkt-line; now and then one is made right again, so that what lies behind is reached.
    private static void RepairLength(List<byte> bytes)
    {
        var end = bytes.IndexOf((byte)'\n') + 1;
        if (end > 4)
        {
            var digits = System.Text.Encoding.ASCII.GetBytes(end.ToString("x4", System.Globalization.CultureInfo.InvariantCulture));
            for (var i = 0; i < 4; i++)
            {
                bytes[i] = digits[i];
            }
        }
    }
}
