using Microsoft.AspNetCore.Http;

namespace Portcullis.Gateway.Pipeline;

/// <summary>Reads away what a refused client still sends.</summary>
internal static class RequestDrain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Completes the answer and reads the rest of the request's body to nowhere, for a while. A client that is in the middle
    /// of its pack reads the answer only if the connection stays open until it has looked.
    /// </summary>
    public static async Task DrainAsync(HttpContext context, TimeProvider time)
    {
        await context.Response.CompleteAsync();
        using var patience = new CancellationTokenSource(Patience, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.RequestAborted);
        var buffer = new byte[64 * 1024];
        while (await context.Request.Body.ReadAsync(buffer, ending.Token) > 0)
        {
        }
    }
}
