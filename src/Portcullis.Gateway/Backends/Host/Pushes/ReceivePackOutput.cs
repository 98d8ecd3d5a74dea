using System.Buffers;
using System.IO.Pipelines;
using Portcullis.Gateway.Requests;
using Portcullis.Git.PktLines;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>Takes receive-pack's answer apart: progress goes on to the client as it comes, the report is kept.</summary>
/// <param name="output">What receive-pack writes, in a large sideband.</param>
/// <param name="response">The client's answer.</param>
/// <param name="hasSideband">Whether the client asked for a sideband; without one, progress is lost.</param>
/// <param name="contentType">The type of the client's answer.</param>
/// <param name="isRefused">Asked at each line of progress: whether the push is refused already, so that git's complaints about its broken end would only confuse.</param>
internal sealed class ReceivePackOutput(PipeReader output, GitResponse response, bool hasSideband, string contentType, Func<bool> isRefused)
{
    private const int MaxReportBytes = 64 << 20;

    private readonly ArrayBufferWriter<byte> report = new();

    /// <summary>The report-status as receive-pack wrote it; empty when it ended without one.</summary>
    public ReadOnlyMemory<byte> Report => report.WrittenMemory;

    /// <summary>Whether receive-pack has said all that it had to say: it has done all that it does by then, hooks included, and only ends.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Reads to the end of git's output: its flush, or the end of the stream where it ends without one.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var lines = new PktLineStream(output);
        try
        {
            while (!IsWhole && await lines.ReadAsync(cancellationToken) is { } line)
            {
                IsWhole = line.Kind == PktLineKind.Flush;
                if (line.Kind == PktLineKind.Data && SidebandReader.TryRead(line, out var channel, out var data))
                {
                    await TakeAsync(channel, data, cancellationToken);
                }

                lines.Release();
            }
        }
        catch (PktLineException)
        {
            // git died in the middle of a line; its exit code and the missing report tell.
        }
    }

    private async ValueTask TakeAsync(SidebandChannel channel, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        if (channel == SidebandChannel.Pack)
        {
            if (report.WrittenCount + data.Length <= MaxReportBytes)
            {
                foreach (var part in data)
                {
                    report.Write(part.Span);
                }
            }

            return;
        }

        if (hasSideband && !isRefused())
        {
            if (!response.HasStarted)
            {
                response.Start(contentType);
            }

            // Also when it is empty: that is git's sign of life while it works.
            response.WriteSideband(channel, data.ToArray());
            await response.FlushAsync(cancellationToken);
        }
    }
}
