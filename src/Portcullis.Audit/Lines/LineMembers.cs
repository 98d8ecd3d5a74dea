using System.Globalization;
using System.Text.Json;

namespace Portcullis.Audit.Lines;

/// <summary>The members of a line that the chain and its checks need; the rest is passed over.</summary>
internal struct LineMembers
{
    public DateTimeOffset? Time;
    public string? Node;
    public string? Event;
    public string? KeyId;
    public string? Hash;
    public long? Count;

    /// <summary>Reads a whole line; false where it isn't one JSON object in strict UTF-8.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, out LineMembers members)
    {
        members = default;
        try
        {
            var reader = new Utf8JsonReader(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                Read(ref reader, ref members);
            }

            return reader.TokenType == JsonTokenType.EndObject && !reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    public static bool TryParseTime(string? text, out DateTimeOffset time)
        => DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    private static void Read(ref Utf8JsonReader reader, ref LineMembers members)
    {
        if (reader.ValueTextEquals("time"u8))
        {
            members.Time = TryParseTime(Text(ref reader), out var time) ? time : null;
        }
        else if (reader.ValueTextEquals("node"u8))
        {
            members.Node = Text(ref reader);
        }
        else if (reader.ValueTextEquals("event"u8))
        {
            members.Event = Text(ref reader);
        }
        else if (reader.ValueTextEquals("keyId"u8))
        {
            members.KeyId = Text(ref reader);
        }
        else if (reader.ValueTextEquals("hash"u8))
        {
            members.Hash = Text(ref reader);
        }
        else if (reader.ValueTextEquals("count"u8))
        {
            reader.Read();
            members.Count = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var count) ? count : null;
        }
        else
        {
            reader.Read();
            reader.Skip();
        }
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }
}
