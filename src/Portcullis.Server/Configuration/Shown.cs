namespace Portcullis.Server.Configuration;

/// <summary>Values as messages may show them.</summary>
internal static class Shown
{
    private const int MaxLength = 80;

    /// <summary>The text, shortened, on one line.</summary>
    public static string Text(string value) => Line(value.Length > MaxLength ? value[..MaxLength] + "..." : value);

    /// <summary>The text with controls replaced, so that no value can forge lines of a log.</summary>
    public static string Line(string text) => text.Any(IsUnfit)
        ? string.Create(text.Length, text, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                target[i] = IsUnfit(source[i]) ? '?' : source[i];
            }
        })
        : text;

    private static bool IsUnfit(char c) => char.IsControl(c) || c is '\u2028' or '\u2029';
}
