using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Portcullis.Audit.Lines;

/// <summary>Makes ids that sort by time: UUIDs of version 7 (RFC 9562 §5.7). The system is asked for random bytes once for many of them.</summary>
internal static class RecordId
{
    private const int RandomBytes = 10;
    private const int IdsAtOnce = 64;

    [ThreadStatic]
    private static byte[]? random;

    [ThreadStatic]
    private static int used;

    /// <summary>Makes an id in 32 hexadecimal digits.</summary>
    public static string New(DateTimeOffset time)
    {
        random ??= new byte[RandomBytes * IdsAtOnce];
        if (used % random.Length == 0)
        {
            RandomNumberGenerator.Fill(random);
            used = 0;
        }

        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id, time.ToUnixTimeMilliseconds() << 16);
        random.AsSpan(used, RandomBytes).CopyTo(id[6..]);
        used += RandomBytes;
        id[6] = (byte)((id[6] & 0x0f) | 0x70);
        id[8] = (byte)((id[8] & 0x3f) | 0x80);
        return Convert.ToHexStringLower(id);
    }
}
