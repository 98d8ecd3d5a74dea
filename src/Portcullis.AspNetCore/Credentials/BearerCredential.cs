using Microsoft.AspNetCore.Http;

namespace Portcullis.AspNetCore.Credentials;

/// <summary>
/// The token of a request that is not Git's. Bearer alone: a browser adds a Basic credential that it once heard to requests that other sites have it make.
/// </summary>
public static class BearerCredential
{
    /// <summary>The token, unchecked; null when there is none, or the header can't be read.</summary>
    public static string? Read(HttpRequest request)
    {
        var header = request.Headers.Authorization;
        return header.Count == 1 && header[0]!.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? CredentialReader.Read(header).Token : null;
    }
}
