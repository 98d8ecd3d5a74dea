using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using Portcullis.Tokens.Validation;

namespace Portcullis.Tokens.Revocation;

/// <summary>The document in which an authority tells other services what it has revoked: docs/spec/revocations.md.</summary>
public static class RevocationFeed
{
    /// <summary>Where an issuer has its feed, below its own address.</summary>
    public const string Path = "/.well-known/revocations.json";

    /// <summary>The document's media type.</summary>
    public const string ContentType = "application/json";

    /// <summary>The most that is read of a document: room for 100,000 entries.</summary>
    internal const int MaximumBytes = 24 << 20;

    private const int MaximumEntries = 200_000;

    /// <summary>Writes a feed. The same entries give the same bytes.</summary>
    /// <param name="issuer">Whose feed it is.</param>
    /// <param name="entries">What is in force.</param>
    public static byte[] Write(string issuer, IEnumerable<RevocationEntry> entries)
    {
        var lines = entries
            .Select(entry => (Kind: RevocationDigest.Word(entry.Kind), Digest: RevocationDigest.Of(entry.Kind, entry.Value), entry.IssuedBefore, entry.ExpiresAt))
            .OrderBy(line => line.Kind, StringComparer.Ordinal).ThenBy(line => line.Digest, StringComparer.Ordinal).ThenBy(line => line.ExpiresAt);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("issuer", issuer);
            json.WriteStartArray("revocations");
            foreach (var line in lines)
            {
                json.WriteStartObject();
                json.WriteString("kind", line.Kind);
                json.WriteString("digest", line.Digest);
                if (line.IssuedBefore is { } before)
                {
                    json.WriteNumber("issued_before", before.ToUnixTimeSeconds());
                }

                json.WriteNumber("expires_at", line.ExpiresAt.ToUnixTimeSeconds());
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a feed, or says why it is none. An entry that can't be understood spoils the whole: it could be one that matters.</summary>
    internal static RevocationSnapshot? Read(ReadOnlyMemory<byte> utf8Json, string issuer, out string? problem)
    {
        problem = null;
        if (utf8Json.Length > MaximumBytes || JsonText.TryParseObject(utf8Json.Span, maxDepth: 4) is not { } root)
        {
            problem = "it is not one strict JSON object, or too large";
            return null;
        }

        if (!root.TryGetProperty("issuer"u8, out JsonElement named) || !JsonText.TryGetString(named, out var name) || name != issuer)
        {
            problem = "it names another issuer";
            return null;
        }

        if (!root.TryGetProperty("revocations"u8, out JsonElement list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MaximumEntries)
        {
            problem = $"it has no list of at most {MaximumEntries} revocations";
            return null;
        }

        var entries = new Dictionary<(RevocationKind, string), RevocationMark>();
        foreach (JsonElement element in list.EnumerateArray())
        {
            if (!TryRead(element, out var kind, out var digest, out var mark))
            {
                problem = "it has an entry that can't be understood";
                return null;
            }

            if (kind is { } known)
            {
                entries[(known, digest)] = entries.TryGetValue((known, digest), out RevocationMark other) ? Widest(other, mark) : mark;
            }
        }

        return new RevocationSnapshot(entries.ToFrozenDictionary());
    }

    private static bool TryRead(JsonElement element, out RevocationKind? kind, out string digest, out RevocationMark mark)
    {
        (kind, digest, mark) = (null, "", default);
        if (element.ValueKind != JsonValueKind.Object
            || !element.TryGetProperty("kind"u8, out JsonElement word) || !JsonText.TryGetString(word, out var kindWord)
            || !element.TryGetProperty("digest"u8, out JsonElement hash) || !JsonText.TryGetString(hash, out var hashText) || hashText.Length != 43
            || !TryGetTime(element, "expires_at", out DateTimeOffset? expires) || expires is null
            || !TryGetTime(element, "issued_before", out DateTimeOffset? before))
        {
            return false;
        }

        // A kind that a newer authority knows and we don't is no mistake; all of ours stand in every version.
        kind = RevocationDigest.Kind(kindWord);
        digest = hashText;
        mark = new RevocationMark(before, expires.Value);
        return true;
    }

    private static bool TryGetTime(JsonElement element, string name, out DateTimeOffset? time)
    {
        time = null;
        if (!element.TryGetProperty(name, out JsonElement value))
        {
            return true;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var seconds) || seconds is < 0 or > 253_402_300_799)
        {
            return false;
        }

        time = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return true;
    }

    private static RevocationMark Widest(RevocationMark a, RevocationMark b) => new(
        a.IssuedBefore is { } x && b.IssuedBefore is { } y ? (x > y ? x : y) : null,
        a.ExpiresAt > b.ExpiresAt ? a.ExpiresAt : b.ExpiresAt);
}
