using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace Portcullis.Tests.Authority;

/// <summary>RFC 6238 with the defaults that authenticator apps use. By the platform's clock: Identity's provider has no other.</summary>
internal static class Totp
{
    public static string Code(string base32, DateTimeOffset time)
    {
        var bits = string.Concat(base32.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        var key = Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2)).ToArray();
        var hash = HMACSHA1.HashData(key, BitConverter.GetBytes(IPAddress.HostToNetworkOrder(time.ToUnixTimeSeconds() / 30)));
        var offset = hash[^1] & 15;
        var number = ((hash[offset] & 127) << 24) | (hash[offset + 1] << 16) | (hash[offset + 2] << 8) | hash[offset + 3];
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }
}
