using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Portcullis.Tokens;

/// <summary>The SHA-256 of a token's characters: names a token in caches without keeping it.</summary>
public readonly struct TokenHash : IEquatable<TokenHash>
{
    // Kept, since to set one up takes a third as long as to hash a token.
    [ThreadStatic]
    private static IncrementalHash? s_hasher;

    private readonly ulong _a, _b, _c, _d;

    private TokenHash(ReadOnlySpan<byte> digest)
    {
        _a = BinaryPrimitives.ReadUInt64BigEndian(digest);
        _b = BinaryPrimitives.ReadUInt64BigEndian(digest[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(digest[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(digest[24..]);
    }

    /// <summary>Computes the hash of a token.</summary>
    /// <param name="asciiToken">The token's characters.</param>
    public static TokenHash Of(ReadOnlySpan<byte> asciiToken)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        s_hasher ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        s_hasher.AppendData(asciiToken);
        s_hasher.GetHashAndReset(digest);
        return new TokenHash(digest);
    }

    /// <inheritdoc/>
    public bool Equals(TokenHash other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TokenHash other && Equals(other);

    /// <inheritdoc/>
    // The digest is uniform already.
    public override int GetHashCode() => (int)_a;

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString() => $"{_a:x16}{_b:x16}{_c:x16}{_d:x16}";

    /// <summary>Equality of all 256 bits.</summary>
    public static bool operator ==(TokenHash left, TokenHash right) => left.Equals(right);

    /// <summary>The opposite of equality.</summary>
    public static bool operator !=(TokenHash left, TokenHash right) => !left.Equals(right);
}
