using System.Security.Cryptography;

namespace Portcullis.Audit.Lines;

/// <summary>
/// The last members of every line: <c>,"previousHash":"…"</c>, in a checkpoint <c>,"signature":"…"</c>, and <c>,"hash":"…"}</c>.
/// The hash is SHA-256 over all bytes of the line before <c>,"hash"</c>: the previous hash is among them, which makes the chain.
/// </summary>
internal static class LineHash
{
    // Kept, since to set one up takes a third as long as to hash a line.
    [ThreadStatic]
    private static IncrementalHash? hasher;

    /// <summary>Length of a SHA-256 hash in hex digits.</summary>
    public const int Digits = 64;

    /// <summary>What the chain adds to a body: two members, the closing brace and the line feed.</summary>
    public const int Overhead = 17 + Digits + 9 + Digits + 4;

    /// <summary>The hash before the first line.</summary>
    public static ReadOnlySpan<byte> Zero => "0000000000000000000000000000000000000000000000000000000000000000"u8;

    private static ReadOnlySpan<byte> PreviousMember => ",\"previousHash\":\""u8;

    private static ReadOnlySpan<byte> HashMember => ",\"hash\":\""u8;

    private static ReadOnlySpan<byte> SignatureMember => ",\"signature\":\""u8;

    public static void AppendPrevious(LineBuffer target, ReadOnlySpan<byte> previousHash)
    {
        target.Append(PreviousMember);
        target.Append(previousHash);
        target.Append((byte)'"');
    }

    public static void AppendSignature(LineBuffer target, ReadOnlySpan<byte> base64Url)
    {
        target.Append(SignatureMember);
        target.Append(base64Url);
        target.Append((byte)'"');
    }

    /// <summary>Hashes the line that begins at <paramref name="start"/>, ends it, and gives the hash in <paramref name="hash"/>.</summary>
    public static void Close(LineBuffer target, int start, Span<byte> hash)
    {
        Compute(target.Written[start..], hash);
        target.Append(HashMember);
        target.Append(hash);
        target.Append("\"}\n"u8);
    }

    /// <summary>Splits a line (without its line feed) into the bytes that are hashed and the hash it states.</summary>
    public static bool TrySplit(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> hashed, out ReadOnlySpan<byte> hash)
    {
        hashed = hash = default;
        var start = line.Length - (HashMember.Length + Digits + 2);
        if (start < 0 || !line[start..].StartsWith(HashMember) || !line.EndsWith("\"}"u8))
        {
            return false;
        }

        hashed = line[..start];
        hash = line.Slice(start + HashMember.Length, Digits);
        return IsHash(hash);
    }

    /// <summary>Finds the previous hash, the last member before the hash or, in a checkpoint, before the signature.</summary>
    public static bool TryGetPrevious(ReadOnlySpan<byte> hashed, out ReadOnlySpan<byte> previousHash)
    {
        previousHash = default;
        TrySplitSignature(hashed, out hashed, out _);
        var start = hashed.Length - (PreviousMember.Length + Digits + 1);
        if (start < 0 || !hashed[start..].StartsWith(PreviousMember) || hashed[^1] != (byte)'"')
        {
            return false;
        }

        previousHash = hashed.Slice(start + PreviousMember.Length, Digits);
        return IsHash(previousHash);
    }

    /// <summary>Splits what is hashed in a checkpoint, or a whole head without its brace, into the bytes that are signed and the signature.</summary>
    public static bool TrySplitSignature(ReadOnlySpan<byte> hashed, out ReadOnlySpan<byte> signed, out ReadOnlySpan<byte> base64Url)
    {
        signed = hashed;
        base64Url = default;
        if (hashed.IsEmpty || hashed[^1] != (byte)'"')
        {
            return false;
        }

        var opening = hashed[..^1].LastIndexOf((byte)'"');
        var start = opening + 1 - SignatureMember.Length;
        if (start < 0 || !hashed[start..].StartsWith(SignatureMember))
        {
            return false;
        }

        signed = hashed[..start];
        base64Url = hashed[(opening + 1)..^1];
        return true;
    }

    public static void Compute(ReadOnlySpan<byte> hashed, Span<byte> hexDigits)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        hasher ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hasher.AppendData(hashed);
        hasher.GetHashAndReset(hash);
        Convert.TryToHexStringLower(hash, hexDigits, out _);
    }

    public static bool Matches(ReadOnlySpan<byte> hashed, ReadOnlySpan<byte> hash)
    {
        Span<byte> computed = stackalloc byte[Digits];
        Compute(hashed, computed);
        return computed.SequenceEqual(hash);
    }

    public static bool IsHash(ReadOnlySpan<byte> hexDigits)
        => hexDigits.Length == Digits && hexDigits.IndexOfAnyExcept("0123456789abcdef"u8) < 0;
}
