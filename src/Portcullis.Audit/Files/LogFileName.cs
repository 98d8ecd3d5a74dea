using System.Globalization;
using System.Text.RegularExpressions;

namespace Portcullis.Audit.Files;

/// <summary>The name of one file of one node's log: <c>&lt;node&gt;.&lt;UTC day&gt;.&lt;number&gt;.jsonl</c>. Numbers count up from 1 without a gap.</summary>
internal sealed partial record LogFileName(string Node, DateOnly Day, int Number)
{
    public const string Extension = ".jsonl";

    public string FileName => string.Create(CultureInfo.InvariantCulture, $"{Node}.{Day:yyyyMMdd}.{Number:D6}{Extension}");

    public static bool IsNodeName(string node) => NodePattern().IsMatch(node);

    public static LogFileName? TryParse(string fileName)
    {
        var match = FilePattern().Match(fileName);
        return match.Success
            && DateOnly.TryParseExact(match.Groups["day"].ValueSpan, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            && int.TryParse(match.Groups["number"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && new LogFileName(match.Groups["node"].Value, day, number) is { Number: > 0 } name && name.FileName == fileName
                ? name
                : null;
    }

    /// <summary>A folder's log files, by node, then number.</summary>
    public static List<LogFileName> List(string directory)
        => [.. Directory.EnumerateFiles(directory, "*" + Extension)
            .Select(path => TryParse(Path.GetFileName(path)))
            .OfType<LogFileName>()
            .OrderBy(name => name.Node, StringComparer.Ordinal).ThenBy(name => name.Number).ThenBy(name => name.Day)];

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NodePattern();

    [GeneratedRegex(@"\A(?<node>[A-Za-z0-9_-]{1,63})\.(?<day>[0-9]{8})\.(?<number>[0-9]{6,9})\.jsonl\z", RegexOptions.CultureInvariant)]
    private static partial Regex FilePattern();
}
