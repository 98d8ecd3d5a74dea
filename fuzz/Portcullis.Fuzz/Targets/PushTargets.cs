using System.Buffers;
using System.IO.Pipelines;
using Portcullis.Git.PktLines;
using Portcullis.Git.ReceivePack;

namespace Portcullis.Fuzz.Targets;

internal static class PushTargets
{
    private static readonly ReceivePackLimits Limits = new() { MaxCommands = 1000, MaxBytes = 1 << 20, MaxPushOptions = 10 };

    public static bool Request(byte[] input)
    {
        var pipe = PipeReader.Create(new ReadOnlySequence<byte>(input));
        var request = ReceivePackRequest.ReadAsync(new PktLineStream(pipe), Limits).AsTask().GetAwaiter().GetResult();
        var written = new ArrayBufferWriter<byte>();
        request.WriteTo(written);
        pipe.TryRead(out var rest);
        FuzzFailureException.Unless(written.WrittenCount + rest.Buffer.Length == input.Length, "request and pack together are the input");
        FuzzFailureException.Unless(request.Commands.Select(command => command.Name).OfType<Git.Names.RefName>().Distinct().Count() == request.Commands.Count(command => command.Name is not null), "no ref is named twice");
        written.Clear();
        request.WriteTo(written, request.Capabilities);
        var again = ReceivePackRequest.ReadAsync(new PktLineStream(PipeReader.Create(new ReadOnlySequence<byte>(written.WrittenMemory))), Limits).AsTask().GetAwaiter().GetResult();
        FuzzFailureException.Unless(
            again.Commands.SequenceEqual(request.Commands) && again.PushOptions.SequenceEqual(request.PushOptions) && again.Capabilities.Equals(request.Capabilities),
            "a request with its own capabilities reads back equal");
        return true;
    }

    public static bool Report(byte[] input)
    {
        var report = ReportStatus.Parse(input);
        var written = new ArrayBufferWriter<byte>();
        report.WriteTo(written);
        var again = ReportStatus.Parse(written.WrittenSpan);
        FuzzFailureException.Unless(again.Refs.Length == report.Refs.Length && again.Refs.Select(status => (status.RefName, status.IsOk)).SequenceEqual(report.Refs.Select(status => (status.RefName, status.IsOk))), "a report reads back with the same refs");
        return true;
    }

    public static bool PackHeader(byte[] input)
    {
        var isHeader = Git.ReceivePack.PackHeader.TryRead(input, out var header);
        FuzzFailureException.Unless(!isHeader || header.Version is 2 or 3, "git reads versions 2 and 3");
        return isHeader;
    }
}
