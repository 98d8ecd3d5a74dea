using System.Globalization;

namespace Portcullis.Server.Configuration;

/// <summary>Durations as settings write them: <c>90s</c>, <c>15m</c>, <c>1h30m</c>, <c>30d</c>, <c>250ms</c>, <c>0</c>.</summary>
internal static class Durations
{
    /// <summary>What is accepted, for messages and the JSON schema.</summary>
    public const string Pattern = "^(0|([0-9]{1,9}(d|h|ms|m|s))+)$";

    private static readonly TimeSpan s_longest = TimeSpan.FromDays(3650);

    // From the largest, the order in which several stand in one text.
    private static readonly (string Unit, TimeSpan Length)[] s_units =
    [
        ("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)), ("s", TimeSpan.FromSeconds(1)), ("ms", TimeSpan.FromMilliseconds(1)),
    ];

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text == "0")
        {
            return true;
        }
        var rest = text.AsSpan();
        var next = 0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is < 1 or > 9)
            {
                return false;
            }
            var count = int.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            rest = rest[digits..];
            var length = rest.IndexOfAnyInRange('0', '9');
            var word = length < 0 ? rest : rest[..length];
            var unit = next;
            while (unit < s_units.Length && !word.SequenceEqual(s_units[unit].Unit))
            {
                unit++;
            }
            if (unit == s_units.Length || count > s_longest / s_units[unit].Length)
            {
                return false;
            }
            duration += count * s_units[unit].Length;
            rest = rest[word.Length..];
            next = unit + 1;
        }
        return text.Length > 0 && duration <= s_longest;
    }

    /// <summary>The shortest text for a duration.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
        {
            return "0";
        }
        var text = "";
        foreach (var (unit, length) in s_units)
        {
            var count = duration.Ticks / length.Ticks;
            // 30d, 15m, 36h: not 1d12h, which nobody would write.
            if (count > 0 && (duration.Ticks % length.Ticks == 0 || text.Length > 0))
            {
                text += string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
                duration -= count * length;
            }
        }
        return text;
    }
}
