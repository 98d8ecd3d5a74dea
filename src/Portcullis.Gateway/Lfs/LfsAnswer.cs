using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;

namespace Portcullis.Gateway.Lfs;

/// <summary>Writes an answer of the Git LFS API.</summary>
internal static class LfsAnswer
{
    /// <summary>Writes one JSON object.</summary>
    public static void Write(GitResponse response, Action<Utf8JsonWriter> members, int status = StatusCodes.Status200OK)
    {
        response.Start(LfsErrorJson.ContentType, status);
        using var json = new Utf8JsonWriter(response);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
    }
}
