using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Portcullis.Git;

/// <summary>
/// The name of an object: a SHA-1 or SHA-256, held inline so that lists of ids cost no allocation for each.
/// The default value is the all-zero SHA-1.
/// </summary>
public readonly struct ObjectId : IEquatable<ObjectId>, IComparable<ObjectId>
{
    private static readonly SearchValues<byte> UpperHex = SearchValues.Create("ABCDEF"u8);

    private readonly Words _words;
    private readonly ObjectFormat _format;

    private ObjectId(ReadOnlySpan<byte> raw, ObjectFormat format)
    {
        // Big-endian words, so that comparing words compares bytes; a SHA-1 leaves the rest zero.
        Span<byte> padded = stackalloc byte[32];
        padded.Clear();
        raw.CopyTo(padded);
        for (var i = 0; i < 4; i++)
        {
            _words[i] = BinaryPrimitives.ReadUInt64BigEndian(padded[(i * 8)..]);
        }

        _format = format;
    }

    /// <summary>The hash function that made the id.</summary>
    public ObjectFormat Format => _format;

    /// <summary>Whether the id is all zero: on the wire "no object", the old id of a creation, the new id of a deletion.</summary>
    public bool IsZero => (_words[0] | _words[1] | _words[2] | _words[3]) == 0;

    /// <summary>The all-zero id.</summary>
    /// <param name="format">The object format, which decides its length.</param>
    /// <returns>40 or 64 zeros when printed.</returns>
    public static ObjectId Zero(ObjectFormat format) => new([], format);

    /// <summary>Makes an id from its bytes.</summary>
    /// <param name="raw">20 bytes of SHA-1 or 32 of SHA-256.</param>
    /// <returns>The id.</returns>
    /// <exception cref="ArgumentException">The length is neither 20 nor 32.</exception>
    public static ObjectId FromBytes(ReadOnlySpan<byte> raw) => raw.Length switch
    {
        20 => new(raw, ObjectFormat.Sha1),
        32 => new(raw, ObjectFormat.Sha256),
        _ => throw new ArgumentException("An object id has 20 or 32 bytes.", nameof(raw)),
    };

    /// <summary>
    /// Reads exactly 40 or 64 lowercase hexadecimal digits. Git reads capitals as well but never sends them;
    /// one spelling for each id keeps two readers from differing.
    /// </summary>
    /// <param name="hex">The digits and nothing else.</param>
    /// <param name="id">The id, or the default.</param>
    /// <returns>Whether the text was an id.</returns>
    public static bool TryParse(ReadOnlySpan<byte> hex, out ObjectId id)
    {
        id = default;
        if (hex.Length is not (40 or 64) || hex.ContainsAny(UpperHex))
        {
            return false;
        }

        Span<byte> raw = stackalloc byte[32];
        if (Convert.FromHexString(hex, raw, out _, out var written) != OperationStatus.Done)
        {
            return false;
        }

        id = new(raw[..written], hex.Length == 64 ? ObjectFormat.Sha256 : ObjectFormat.Sha1);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out ObjectId)"/>
    public static bool TryParse(ReadOnlySpan<char> hex, out ObjectId id)
    {
        id = default;
        if (hex.Length is not (40 or 64))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[64];
        for (var i = 0; i < hex.Length; i++)
        {
            if (!char.IsAscii(hex[i]))
            {
                return false;
            }

            bytes[i] = (byte)hex[i];
        }

        return TryParse(bytes[..hex.Length], out id);
    }

    /// <summary>Writes the raw bytes.</summary>
    /// <param name="destination">At least <see cref="ObjectFormats.ByteLength"/> bytes.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public int CopyTo(Span<byte> destination)
    {
        Span<byte> raw = stackalloc byte[32];
        for (var i = 0; i < 4; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(raw[(i * 8)..], _words[i]);
        }

        var length = _format.ByteLength();
        raw[..length].CopyTo(destination);
        return length;
    }

    /// <summary>Writes the lowercase hexadecimal digits as ASCII.</summary>
    /// <param name="destination">At least <see cref="ObjectFormats.HexLength"/> bytes.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public int CopyHexTo(Span<byte> destination)
    {
        Span<byte> raw = stackalloc byte[32];
        var length = CopyTo(raw);
        if (!Convert.TryToHexStringLower(raw[..length], destination, out var written))
        {
            throw new ArgumentException("The destination is shorter than the id.", nameof(destination));
        }

        return written;
    }

    /// <inheritdoc/>
    public bool Equals(ObjectId other) =>
        _words[0] == other._words[0] && _words[1] == other._words[1] && _words[2] == other._words[2]
        && _words[3] == other._words[3] && _format == other._format;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ObjectId other && Equals(other);

    /// <summary>
    /// The leading bits: an id is a hash already. Someone can craft objects whose ids share some bits, so collections
    /// of ids that a client chooses must be bounded.
    /// </summary>
    /// <returns>32 bits of the id.</returns>
    public override int GetHashCode() => (int)(_words[0] ^ (_words[1] >> 32));

    /// <summary>Orders bytewise, as git orders ids; the format decides between equal bytes.</summary>
    /// <param name="other">The id to compare with.</param>
    /// <returns>Negative, zero or positive.</returns>
    public int CompareTo(ObjectId other)
    {
        for (var i = 0; i < 4; i++)
        {
            if (_words[i] != other._words[i])
            {
                return _words[i].CompareTo(other._words[i]);
            }
        }

        return _format.CompareTo(other._format);
    }

    /// <summary>The lowercase hexadecimal digits.</summary>
    /// <returns>40 or 64 characters.</returns>
    public override string ToString()
    {
        Span<byte> raw = stackalloc byte[32];
        return Convert.ToHexStringLower(raw[..CopyTo(raw)]);
    }

    /// <summary>Whether both name the same object in the same format.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    /// <returns>Equality.</returns>
    public static bool operator ==(ObjectId left, ObjectId right) => left.Equals(right);

    /// <summary>Whether the ids differ.</summary>
    /// <param name="left">One id.</param>
    /// <param name="right">The other.</param>
    /// <returns>Inequality.</returns>
    public static bool operator !=(ObjectId left, ObjectId right) => !left.Equals(right);

    [InlineArray(4)]
    private struct Words
    {
        private ulong _first;
    }
}
