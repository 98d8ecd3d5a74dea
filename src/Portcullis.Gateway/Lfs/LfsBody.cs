using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Lfs;

/// <summary>Reads the body of a request of the Git LFS API, up to a bound.</summary>
internal static class LfsBody
{
    /// <summary>The bound of every body but a batch's.</summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>Reads a body.</summary>
    /// <exception cref="LfsFormatException">It is too long.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(AuthorizedGitRequest request, int maxBytes = MaxBytes) =>
        await BodyReader.ReadAsync(request.Request.Body.Reader, maxBytes, request.Ended)
            ?? throw new LfsFormatException(LfsProblem.TooManyObjects, $"The body of this request may have {maxBytes} bytes at most.");
}
