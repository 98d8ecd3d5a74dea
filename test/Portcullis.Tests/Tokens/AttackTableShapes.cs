using Portcullis.Tokens;

namespace Portcullis.Tests.Tokens;

/// <summary>What isn't a signed JWT in compact form (RFC 7515 §3.1), or not in its one spelling.</summary>
internal static class AttackTableShapes
{
    public static AttackCase[] Cases { get; } =
    [
        new("nothing", TokenError.Missing, _ => ""),
        new("one megabyte", TokenError.TooLong, _ => new string('a', 1024 * 1024)),
        new("one character beyond the limit", TokenError.TooLong, _ => new string('a', 8193)),
        new("60,000 dots", TokenError.TooLong, _ => new string('.', 60_000)),
        new("8,192 dots", TokenError.Malformed, _ => new string('.', 8192)),
        new("a password", TokenError.Malformed, _ => "correct horse battery staple"),
        new("no dot", TokenError.Malformed, b => b.Valid().Replace(".", "", StringComparison.Ordinal)),
        new("one dot", TokenError.Malformed, b => b.Unsigned()),
        new("no signature", TokenError.Malformed, b => b.Unsigned() + "."),
        new("no payload", TokenError.Malformed, b => Part(b, 0) + ".." + Part(b, 2)),
        new("no header", TokenError.Malformed, b => "." + Part(b, 1) + "." + Part(b, 2)),
        new("four parts", TokenError.Malformed, b => b.Valid() + ".AAAA"),
        new("five parts: an encrypted token", TokenError.Encrypted, b => b.Valid() + ".AAAA.AAAA"),
        new("five parts: a compressed and encrypted token (CVE-2024-21319)", TokenError.Encrypted,
            _ => AttackBench.Encode("""{"alg":"dir","enc":"A256GCM","zip":"DEF"}"""u8.ToArray()) + "..AAAAAAAAAAAAAAAA." + new string('A', 4096) + ".AAAAAAAAAAAAAAAAAAAAAA"),
        new("five empty parts", TokenError.Encrypted, _ => "...."),
        new("a leading space", TokenError.Malformed, b => " " + b.Valid()),
        new("a trailing space", TokenError.Malformed, b => b.Valid() + " "),
        new("a trailing line end", TokenError.Malformed, b => b.Valid() + "\n"),
        new("white space inside, which the base library's decoder skips", TokenError.Malformed, b => b.Valid().Insert(5, " ")),
        new("white space in the signature", TokenError.Malformed, b => b.Valid().Insert(b.Valid().Length - 4, "\r\n")),
        new("padding after the header", TokenError.Malformed, b => Part(b, 0) + "=." + Part(b, 1) + "." + Part(b, 2)),
        new("padding after the signature", TokenError.Malformed, b => b.Valid() + "=="),
        new("the alphabet of plain base64", TokenError.Malformed, b => b.Unsigned() + "." + new string('+', 43) + new string('/', 43)),
        new("percent-encoded dots", TokenError.Malformed, b => b.Valid().Replace(".", "%2E", StringComparison.Ordinal)),
        new("full-width letters", TokenError.Malformed, b => "\uff45" + b.Valid()[1..]),
        new("a NUL", TokenError.Malformed, b => b.Valid() + "\0"),
        new("the scheme before it", TokenError.Malformed, b => "Bearer " + b.Valid()),
        new("two tokens", TokenError.Malformed, b => b.Valid() + "," + b.Valid()),
        new("a length that base64 can't have", TokenError.Malformed, b => b.Unsigned() + "." + new string('A', 85)),
        new("spare bits set at the end of the header", TokenError.Malformed, b => SpareBits(b, 0)),
        new("spare bits set at the end of the payload", TokenError.Malformed, b => SpareBits(b, 1)),
        new("spare bits set at the end of the signature", TokenError.Malformed, b => SpareBits(b, 2)),
        new("JSON serialization instead of the compact one", TokenError.Malformed,
            b => $$"""{"payload":"{{Part(b, 1)}}","protected":"{{Part(b, 0)}}","signature":"{{Part(b, 2)}}"}"""),
        new("the JSON itself, not encoded", TokenError.Malformed, b => b.Header().ToJsonString() + "." + b.Claims().ToJsonString() + "." + Part(b, 2)),
        new("cut short by one character", TokenError.Malformed, b => b.Valid()[..^1]),
        new("cut short by one byte", TokenError.SignatureInvalid, b => b.WithSignature(new byte[63])),
    ];

    private static string Part(AttackBench bench, int index) => bench.Valid().Split('.')[index];

    // The same bytes in another spelling: two spellings of one token would pass a list of revoked or remembered ones twice.
    private static string SpareBits(AttackBench bench, int index)
    {
        for (int i = 0; ; i++)
        {
            // Grows the part under test until it ends with spare bits.
            string header = bench.Header(h => h["pad"] = new string('x', index == 0 ? i : 0)).ToJsonString();
            string payload = bench.Claims(c => c["pad"] = new string('x', index == 1 ? i : 0)).ToJsonString();
            string[] parts = bench.Sign(header, payload).Split('.');
            if (parts[index].Length % 4 != 0)
            {
                const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
                parts[index] = parts[index][..^1] + Alphabet[Alphabet.IndexOf(parts[index][^1], StringComparison.Ordinal) + 1];
                return string.Join('.', parts);
            }
        }
    }
}
