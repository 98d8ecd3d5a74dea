using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;

namespace Portcullis.Git.Lfs;

/// <summary>Where something is to be done with an object, as a server says.</summary>
/// <param name="Address">The address; absolute, http or https, without user information and fragment.</param>
/// <param name="Headers">The headers that the request must have.</param>
public sealed record LfsAction(Uri Address, ImmutableArray<KeyValuePair<string, string>> Headers)
{
    /// <summary>In how many seconds it expires; null where it says nothing of it.</summary>
    public long? ExpiresIn { get; init; }

    /// <summary>When it expires, as it was written; null where it says nothing of it.</summary>
    public string? ExpiresAt { get; init; }

    /// <summary>The action as a member of <c>actions</c>, written anew.</summary>
    /// <param name="name">The member's name.</param>
    /// <returns>An object with this one member, in JSON.</returns>
    public string ToJson(string name)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject(name);
            json.WriteString("href", Address.AbsoluteUri);
            json.WriteStartObject("header");
            foreach (var (key, value) in Headers)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            if (ExpiresIn is { } seconds)
            {
                json.WriteNumber("expires_in", seconds);
            }

            if (ExpiresAt is not null)
            {
                json.WriteString("expires_at", ExpiresAt);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}

/// <summary>What a server says of one object.</summary>
/// <param name="Id">The object.</param>
/// <param name="ErrorCode">The code of its error, an HTTP status; null for none.</param>
/// <param name="Download">Where it is to be had.</param>
/// <param name="Upload">Where it is to be brought.</param>
/// <param name="Verify">Where it is to be asked afterwards whether it arrived.</param>
public sealed record LfsAnsweredObject(LfsObjectId Id, long? ErrorCode, LfsAction? Download, LfsAction? Upload, LfsAction? Verify);

/// <summary>A server's answer to a batch (git-lfs, docs/api/batch.md, "Successful Responses").</summary>
public static class LfsBatchAnswer
{
    private const int MaxHeaders = 64;
    private const int MaxTextLength = 16 * 1024;

    private static readonly SearchValues<char> HeaderNameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~");

    // What frames a message or names its host is the business of whoever sends it.
    private static readonly FrozenSet<string> NotForActions = FrozenSet.ToFrozenSet(
        ["Host", "Connection", "Content-Length", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Expect", "Cookie", "Range"],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads an answer.</summary>
    /// <param name="utf8">The whole body.</param>
    /// <exception cref="LfsFormatException">It is no such answer.</exception>
    public static IReadOnlyDictionary<LfsObjectId, LfsAnsweredObject> Parse(ReadOnlySpan<byte> utf8)
    {
        var json = LfsJson.ParseObject(utf8);
        if (LfsJson.Text(json, "transfer", 64) is not (null or "" or "basic"))
        {
            throw LfsFormatException.Malformed("The answer chooses another way to transfer than the one that was asked for.");
        }

        if (LfsJson.Text(json, "hash_algo", 64) is not (null or "" or "sha256"))
        {
            throw new LfsFormatException(LfsProblem.HashAlgorithm, "The answer names objects by another hash.");
        }

        if (!json.TryGetProperty("objects", out var objects) || objects.ValueKind != JsonValueKind.Array || objects.GetArrayLength() > LfsBatchRequest.MaxObjects)
        {
            throw LfsFormatException.Malformed("The answer has no list of objects, or more than were asked for.");
        }

        var answered = new Dictionary<LfsObjectId, LfsAnsweredObject>();
        foreach (var entry in objects.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object || !LfsObjectId.TryParse(LfsJson.RequiredText(entry, "oid", 1024), out var id))
            {
                throw LfsFormatException.Malformed("The answer has an object without an oid.");
            }

            var hasActions = entry.TryGetProperty("actions", out var actions) && actions.ValueKind == JsonValueKind.Object;
            answered[id] = new LfsAnsweredObject(
                id,
                entry.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object ? LfsJson.Number(error, "code") ?? 500 : null,
                hasActions ? Action(actions, "download") : null,
                hasActions ? Action(actions, "upload") : null,
                hasActions ? Action(actions, "verify") : null);
        }

        return answered;
    }

    private static LfsAction? Action(JsonElement actions, string name)
    {
        if (!actions.TryGetProperty(name, out var action) || action.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (action.ValueKind != JsonValueKind.Object
            || !Uri.TryCreate(LfsJson.RequiredText(action, "href", MaxTextLength), UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https")
            || address.UserInfo.Length > 0
            || address.Fragment.Length > 0)
        {
            throw LfsFormatException.Malformed($"The action {name} has no address that could be followed.");
        }

        return new LfsAction(address, Headers(action))
        {
            ExpiresIn = action.TryGetProperty("expires_in", out var seconds) && seconds.ValueKind == JsonValueKind.Number && seconds.TryGetInt32(out var count) ? count : null,
            ExpiresAt = LfsJson.Text(action, "expires_at", 64) is { Length: > 0 } moment ? moment : null,
        };
    }

    private static ImmutableArray<KeyValuePair<string, string>> Headers(JsonElement action)
    {
        if (!action.TryGetProperty("header", out var header) || header.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        if (header.ValueKind != JsonValueKind.Object || header.GetPropertyCount() > MaxHeaders)
        {
            throw LfsFormatException.Malformed("An action's headers are no short list of names and values.");
        }

        var headers = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (var member in header.EnumerateObject())
        {
            var value = LfsJson.Text(header, member.Name, MaxTextLength) ?? "";
            if (member.Name.Length is 0 or > 256 || member.Name.AsSpan().ContainsAnyExcept(HeaderNameCharacters) || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                throw LfsFormatException.Malformed("An action has a header that can't be sent.");
            }

            if (!NotForActions.Contains(member.Name))
            {
                headers.Add(new(member.Name, value));
            }
        }

        return headers.ToImmutable();
    }
}
