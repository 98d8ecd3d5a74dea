using System.IO.Pipelines;
using System.Net.Sockets;
using Portcullis.Gateway.Backends.Host.Processes;

namespace Portcullis.Gateway.Backends.Host.Fetches;

/// <summary>Gives git a request as it comes. A request for a fetch is small; its bound is a bound on what a compressed one may become.</summary>
internal static class RequestPump
{
    /// <summary>Pumps a body into git.</summary>
    public static async Task RunAsync(PipeReader body, GitProcess process, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            long sent = 0;
            while (true)
            {
                var result = await body.ReadAsync(cancellationToken);
                foreach (var part in result.Buffer)
                {
                    sent += part.Length;
                    if (sent > maxBytes)
                    {
                        throw new RequestTooLargeException();
                    }

                    var rest = part;
                    while (!rest.IsEmpty)
                    {
                        rest = rest[await process.Input.SendAsync(rest, cancellationToken)..];
                    }
                }

                body.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (SocketException)
        {
            // git wants no more.
        }
        finally
        {
            process.CloseInput();
        }
    }

    /// <summary>Waits for the end. False when the body was longer than allowed.</summary>
    public static async Task<bool> CompletedAsync(Task pumping)
    {
        try
        {
            await pumping;
            return true;
        }
        catch (RequestTooLargeException)
        {
            return false;
        }
    }

    private sealed class RequestTooLargeException : Exception;
}
