using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Win32.SafeHandles;
using Portcullis.Gateway.Authorization;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>Sends an object, whole or from where an earlier transfer broke off (RFC 9110 §14).</summary>
internal static class ObjectSender
{
    private const int PartBytes = 64 * 1024;

    /// <summary>Sends.</summary>
    public static async Task<BackendOutcome> SendAsync(AuthorizedGitRequest request, LfsObjectId id, SafeFileHandle file, long size, GitResponse response)
    {
        var (offset, length) = (0L, size);
        if (request.Request.Range is { } range)
        {
            if (range.Within(size) is not { } part)
            {
                return BackendOutcome.Refused(RefusalTexts.Make(RefusalReason.RangeNotSatisfiable, $"The object has {size} bytes.") with { ObjectLength = size });
            }

            (offset, length) = part;
            response.Start("application/octet-stream", StatusCodes.Status206PartialContent, length);
            response.SetHeader("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {offset}-{offset + length - 1}/{size}"));
        }
        else
        {
            response.Start("application/octet-stream", length: length);
        }

        response.SetHeader("Accept-Ranges", "bytes");
        response.SetHeader("ETag", $"\"{id}\"");
        response.SetHeader("X-Content-Type-Options", "nosniff");
        for (var end = offset + length; offset < end;)
        {
            var memory = response.GetMemory(PartBytes);
            var read = await RandomAccess.ReadAsync(file, memory[..(int)Math.Min(Math.Min(memory.Length, PartBytes), end - offset)], offset, request.Ended);
            if (read == 0)
            {
                throw new IOException("A Git LFS object became shorter while it was sent.");
            }

            response.Advance(read);
            offset += read;
            await response.FlushAsync(request.Ended);
        }

        return BackendOutcome.Served;
    }
}
