using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Portcullis.Gateway.Backends.Upstream.Credentials.GitHub;

/// <summary>Reads what GitHub's REST API answers: strictly, with bounds, and compared with what was asked.</summary>
internal static class GitHubAppReplies
{
    private const int MaxBytes = 1 << 20;
    private const int MaxExplanationLength = 200;

    // What can stand in a header and in a password: no blank, no control. Nothing else is known of its form.
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=:");

    /// <summary>The body, if it is not too large.</summary>
    public static async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var content = new MemoryStream();
        var buffer = new byte[16 << 10];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (content.Length + read > MaxBytes)
            {
                throw new UpstreamCredentialException($"GitHub answered with more than {MaxBytes} bytes.");
            }

            content.Write(buffer, 0, read);
        }

        return content.ToArray();
    }

    /// <summary>The number of an installation.</summary>
    public static long ReadInstallation(byte[] body)
    {
        using var document = Parse(body);
        return document.RootElement.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var number) && number > 0
            ? number
            : throw new UpstreamCredentialException("GitHub's answer names no installation.");
    }

    /// <summary>A token. One for other or more repositories than the one that was asked for is not used, nor one that does not allow what it is for.</summary>
    public static InstallationToken ReadToken(byte[] body, string owner, string name, bool writes, DateTimeOffset now)
    {
        using var document = Parse(body);
        var reply = document.RootElement;
        if (Text(reply, "token") is not { Length: > 0 } token || token.AsSpan().ContainsAnyExcept(TokenCharacters))
        {
            throw new UpstreamCredentialException("GitHub's answer holds no token.");
        }

        if (!DateTimeOffset.TryParse(Text(reply, "expires_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var expiresAt) || expiresAt <= now)
        {
            throw new UpstreamCredentialException("GitHub's token has no end, or ended already: is this machine's clock right?");
        }

        if (Text(reply, "repository_selection") == "all" || (reply.TryGetProperty("repositories", out var repositories) && !IsOnly(repositories, $"{owner}/{name}")))
        {
            throw new UpstreamCredentialException($"GitHub's token is not for {owner}/{name} alone: does the configured installation belong to {owner}?");
        }

        if (reply.TryGetProperty("permissions", out var permissions)
            && Text(permissions, "contents") is var contents && contents != "write" && (writes || contents != "read"))
        {
            throw new UpstreamCredentialException($"The installation does not give the app the permission contents: {(writes ? "write" : "read")}.");
        }

        return new InstallationToken(token, now, expiresAt);
    }

    /// <summary>GitHub's own words for what went wrong, as a log may show them.</summary>
    public static string ReadExplanation(byte[] body)
    {
        try
        {
            using var document = Parse(body);
            return Text(document.RootElement, "message") is { } message
                ? string.Concat(message.Take(MaxExplanationLength).Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c))
                : "(no explanation)";
        }
        catch (UpstreamCredentialException)
        {
            return "(not in JSON)";
        }
    }

    // GitHub's names have no case.
    private static bool IsOnly(JsonElement repositories, string fullName) =>
        repositories.ValueKind == JsonValueKind.Array && repositories.GetArrayLength() == 1
        && string.Equals(Text(repositories[0], "full_name"), fullName, StringComparison.OrdinalIgnoreCase);

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonDocument Parse(byte[] body)
    {
        try
        {
            var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException)
        {
            // Its message quotes the input.
        }

        throw new UpstreamCredentialException("GitHub's answer is not a JSON object.");
    }
}
