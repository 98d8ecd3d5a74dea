using System.Globalization;

namespace Portcullis.Server.Configuration;

/// <summary>Sizes as settings write them: bytes, or with a unit: <c>64MiB</c>, <c>2 GB</c>.</summary>
internal static class Sizes
{
    /// <summary>What is accepted, for the JSON schema.</summary>
    public const string Pattern = "^[0-9]{1,15} ?(B|kB|KB|KiB|MB|MiB|GB|GiB|TB|TiB)?$";

    private static readonly (string Unit, long Bytes)[] s_units =
    [
        ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("kB", 1000), ("B", 1),
    ];

    public static bool TryParse(string text, out long bytes)
    {
        var factor = 1L;
        var digits = text.AsSpan();
        foreach (var (unit, length) in s_units)
        {
            if (digits.EndsWith(unit))
            {
                factor = length;
                digits = digits[..^unit.Length];
                digits = digits is [.., ' '] ? digits[..^1] : digits;
                break;
            }
        }
        bytes = 0;
        if (digits.Length is 0 or > 15 || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > long.MaxValue / factor)
        {
            return false;
        }
        bytes = count * factor;
        return true;
    }

    /// <summary>The shortest text for a size.</summary>
    public static string Format(long bytes)
    {
        foreach (var (unit, length) in s_units)
        {
            if (unit is [_, 'i', 'B'] && bytes >= length && bytes % length == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / length}{unit}");
            }
        }
        return bytes.ToString(CultureInfo.InvariantCulture);
    }
}
