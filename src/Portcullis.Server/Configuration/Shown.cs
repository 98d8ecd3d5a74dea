namespace Portcullis.Server.Configuration;

/// <summary>Values as messages may show them.</summary>
internal static class Shown
{
    private const int MaxLength = 80;

    /// <summary>The text, shortened, with controls replaced, so that a value can't forge lines of a log.</summary>
    public static string Text(string value)
    {
        var shown = value.Length > MaxLength ? value[..MaxLength] + "..." : value;
        return string.Create(shown.Length, shown, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                target[i] = char.IsControl(source[i]) || source[i] is '\u2028' or '\u2029' ? '?' : source[i];
            }
        });
    }
}
