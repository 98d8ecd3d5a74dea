using System.Text.Json;

namespace Portcullis.EndToEnd.Harness;

/// <summary>The lines of a server's audit log, read from its files.</summary>
public sealed class AuditTrail(string folder)
{
    /// <summary>Every decision so far, in the order of their files.</summary>
    public IReadOnlyList<JsonElement> Read()
    {
        var lines = new List<JsonElement>();
        string[] files = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal)] : [];
        foreach (var file in files)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream);
            var text = reader.ReadToEnd();

            // The last line may be in the making: a line is one that has its end.
            foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                lines.Add(JsonDocument.Parse(line).RootElement.Clone());
            }
        }

        return lines;
    }

    /// <summary>The decisions about requests that match, once there is at least one.</summary>
    public async Task<IReadOnlyList<JsonElement>> WaitForAsync(Func<JsonElement, bool> matches, string what)
    {
        List<JsonElement> found = [];
        await Eventually.UntilAsync(
            () => (found = [.. Read().Where(line => Is(line, "event", "request") && matches(line))]).Count > 0,
            () => $"no audit line tells of {what}; the log holds:\n{string.Join('\n', Read())}");
        return found;
    }

    public Task<IReadOnlyList<JsonElement>> WaitForAsync(string repository, string operation, string outcome)
        => WaitForAsync(
            line => Is(line, "repository", repository) && Is(line, "operation", operation) && Is(line, "outcome", outcome),
            $"{operation} of {repository}: {outcome}");

    public static bool Is(JsonElement line, string member, string value) => Text(line, member) == value;

    public static string? Text(JsonElement line, string member)
        => line.TryGetProperty(member, out var value) ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText() : null;
}
