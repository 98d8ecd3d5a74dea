using System.Globalization;

namespace Portcullis.Tokens;

/// <summary>Spans of time in words.</summary>
internal static class TimeWords
{
    public static string Span(long seconds)
    {
        (long number, string unit) = seconds switch
        {
            < 120 => (seconds, "second"),
            < 120 * 60 => (seconds / 60, "minute"),
            < 48 * 3600 => (seconds / 3600, "hour"),
            _ => (seconds / 86400, "day"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{number} {unit}{(number == 1 ? "" : "s")}");
    }
}
