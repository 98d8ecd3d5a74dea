namespace Portcullis.Server.Commands;

/// <summary>Lengths of time as people say them.</summary>
internal static class TimeWords
{
    /// <summary>The two largest units: <c>2 h 5 min</c>.</summary>
    public static string Describe(TimeSpan duration) => duration.Duration() switch
    {
        { TotalDays: >= 2 } d => $"{(int)d.TotalDays} days",
        { TotalHours: >= 1 } d when d.Minutes == 0 => $"{(int)d.TotalHours} h",
        { TotalHours: >= 1 } d => $"{(int)d.TotalHours} h {d.Minutes} min",
        { TotalMinutes: >= 1 } d when d.Seconds == 0 => $"{d.Minutes} min",
        { TotalMinutes: >= 1 } d => $"{d.Minutes} min {d.Seconds} s",
        var d => $"{d.Seconds} s",
    };
}
