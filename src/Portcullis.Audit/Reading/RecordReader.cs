using System.Net;
using System.Text;
using System.Text.Json;
using Portcullis.Audit.Lines;

namespace Portcullis.Audit.Reading;

/// <summary>Reads a line back into a record. Members that are not known are passed over, so that an older reader reads a newer log.</summary>
internal static class RecordReader
{
    public static AuditEntry? TryRead(ReadOnlySpan<byte> line, string file, long number)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            var members = JsonElement.ParseValue(ref reader);
            if (members.ValueKind != JsonValueKind.Object
                || Text(members, "node") is not { } node
                || Text(members, "id") is not { } id
                || Text(members, "event") is not { } @event
                || !LineMembers.TryParseTime(Text(members, "time"), out var time))
            {
                return null;
            }

            return new AuditEntry
            {
                Record = Read(members, id, @event, time),
                Node = node,
                File = file,
                Line = number,
                Json = Encoding.UTF8.GetString(line),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static AuditRecord Read(JsonElement members, string id, string @event, DateTimeOffset time) => new()
    {
        Time = time,
        Id = id,
        Event = @event,
        Outcome = Outcome(members),
        Reason = Text(members, "reason"),
        Subject = Text(members, "subject"),
        Actor = members.TryGetProperty("actor", out var actor) && actor.ValueKind == JsonValueKind.Array
            ? [.. actor.EnumerateArray().Where(a => a.ValueKind == JsonValueKind.String).Select(a => a.GetString()!)]
            : null,
        Issuer = Text(members, "issuer"),
        Client = Text(members, "client"),
        TokenId = Text(members, "tokenId"),
        KeyId = Text(members, "keyId"),
        Session = Text(members, "session"),
        Repository = Text(members, "repository"),
        Operation = Text(members, "operation"),
        Object = Text(members, "object"),
        Path = Text(members, "path"),
        Refs = members.TryGetProperty("refs", out var refs) && refs.ValueKind == JsonValueKind.Array ? [.. refs.EnumerateArray().Select(Change)] : null,
        RemoteAddress = IPAddress.TryParse(Text(members, "remoteAddress"), out var address) ? address : null,
        UserAgent = Text(members, "userAgent"),
        Status = (int?)Number(members, "status"),
        BytesIn = Number(members, "bytesIn"),
        BytesOut = Number(members, "bytesOut"),
        Duration = members.TryGetProperty("durationMs", out var ms) && ms.ValueKind == JsonValueKind.Number && ms.TryGetDecimal(out var value) && value is >= 0 and < 1e12m
            ? TimeSpan.FromTicks((long)(value * TimeSpan.TicksPerMillisecond))
            : null,
    };

    private static AuditRefChange Change(JsonElement members) => new()
    {
        Name = Text(members, "name") ?? "",
        Old = Text(members, "old"),
        New = Text(members, "new"),
        Change = Text(members, "change"),
        Outcome = Outcome(members),
        Reason = Text(members, "reason"),
    };

    /// <summary>A word that isn't known counts as a failure: never as something that was allowed.</summary>
    private static AuditOutcome Outcome(JsonElement members) => Text(members, "outcome") switch
    {
        "allowed" => AuditOutcome.Allowed,
        "refused" => AuditOutcome.Refused,
        _ => AuditOutcome.Failed,
    };

    private static string? Text(JsonElement members, string name)
        => members.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement members, string name)
        => members.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}
