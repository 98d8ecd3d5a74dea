using System.Collections.Immutable;
using System.Text.Json;

namespace Portcullis.Git.Lfs;

/// <summary>Which way objects are to go.</summary>
public enum LfsDirection
{
    /// <summary>From the server to the client.</summary>
    Download,

    /// <summary>From the client to the server.</summary>
    Upload,
}

/// <summary>The body of <c>POST …/info/lfs/objects/batch</c> (git-lfs, docs/api/batch.md).</summary>
/// <param name="Direction">Which way.</param>
/// <param name="Reference">The ref that the client says the objects belong to, unchecked; null where it names none.</param>
/// <param name="Objects">The objects; at least one.</param>
public sealed record LfsBatchRequest(LfsDirection Direction, string? Reference, ImmutableArray<LfsObject> Objects)
{
    /// <summary>How many objects one request may name; git-lfs itself names 100 at a time.</summary>
    public const int MaxObjects = 1000;

    /// <summary>The largest body that is read, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Reads a body.</summary>
    /// <param name="utf8">The whole body.</param>
    /// <exception cref="LfsFormatException">It is no such request.</exception>
    public static LfsBatchRequest Parse(ReadOnlySpan<byte> utf8)
    {
        var json = LfsJson.ParseObject(utf8);
        var direction = LfsJson.RequiredText(json, "operation", 64) switch
        {
            "download" => LfsDirection.Download,
            "upload" => LfsDirection.Upload,
            _ => throw LfsFormatException.Malformed("The operation must be download or upload."),
        };
        if (LfsJson.Text(json, "hash_algo", 64) is not (null or "" or "sha256"))
        {
            throw new LfsFormatException(LfsProblem.HashAlgorithm, "Objects are named by SHA-256 here, and by no other hash.");
        }

        RequireBasicTransfer(json);
        if (!json.TryGetProperty("objects", out var objects) || objects.ValueKind != JsonValueKind.Array)
        {
            throw LfsFormatException.Malformed("The member objects must be a list.");
        }

        if (objects.GetArrayLength() > MaxObjects)
        {
            throw new LfsFormatException(LfsProblem.TooManyObjects, $"A request may name {MaxObjects} objects at most; ask for them in parts.");
        }

        return objects.GetArrayLength() == 0
            ? throw LfsFormatException.Malformed("The request names no object.")
            : new LfsBatchRequest(direction, LfsJson.Reference(json), [.. objects.EnumerateArray().Select(LfsJson.Object)]);
    }

    // None given means basic (docs/api/batch.md); of those given, basic is the one that is served.
    private static void RequireBasicTransfer(JsonElement json)
    {
        if (!json.TryGetProperty("transfers", out var transfers) || transfers.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (transfers.ValueKind != JsonValueKind.Array || transfers.GetArrayLength() > 64)
        {
            throw LfsFormatException.Malformed("The member transfers must be a short list of names.");
        }

        if (transfers.GetArrayLength() > 0
            && !transfers.EnumerateArray().Any(transfer => transfer.ValueKind == JsonValueKind.String && transfer.ValueEquals("basic"u8)))
        {
            throw LfsFormatException.Malformed("Of the ways to transfer objects, basic is served here.");
        }
    }
}
