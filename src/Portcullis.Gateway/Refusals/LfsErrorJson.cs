using System.Buffers;
using System.Text.Json;

namespace Portcullis.Gateway.Refusals;

/// <summary>A refusal as the Git LFS API writes errors (git-lfs, docs/api/batch.md, "Response Errors"): git-lfs shows the user <c>message</c>.</summary>
internal static class LfsErrorJson
{
    /// <summary>The media type of the API.</summary>
    public const string ContentType = "application/vnd.git-lfs+json";

    /// <summary>The body.</summary>
    public static byte[] Of(Refusal refusal, string requestId)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            if (refusal.LockJson is not null)
            {
                json.WritePropertyName("lock");
                json.WriteRawValue(refusal.LockJson);
            }

            json.WriteString("message", refusal.Text);
            json.WriteString("request_id", requestId);
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }
}
