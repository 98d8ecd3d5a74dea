using System.Buffers;
using System.IO.Pipelines;
using Portcullis.Git.PktLines;

namespace Portcullis.Fuzz.Targets;

internal static class PktLineTargets
{
    public static bool Lines(byte[] input)
    {
        var written = new ArrayBufferWriter<byte>();
        var sequence = new ReadOnlySequence<byte>(input);
        ReadOnlySpan<byte> span = input;
        while (true)
        {
            var isLine = TryReadSpan(ref span, out var kind, out var payload, out var failure);
            var isSame = TryReadSequence(ref sequence, out var line, out var otherFailure);
            FuzzFailureException.Unless(isLine == isSame && failure == otherFailure, "both readers agree");
            if (failure is not null)
            {
                throw new PktLineException(failure.Value, failure.Value.ToString());
            }

            if (!isLine)
            {
                break;
            }

            FuzzFailureException.Unless(kind == line.Kind && payload.SequenceEqual(line.Payload.ToArray()), "both readers agree");
            Write(written, kind, payload);
        }

        // The digits of lengths may be capitals in the input; nothing else may differ.
        var read = input.Length - span.Length;
        FuzzFailureException.Unless(written.WrittenCount == read, "what was read is written again");
        return span.IsEmpty;
    }

    public static bool Sideband(byte[] input)
    {
        var stream = new PktLineStream(PipeReader.Create(new ReadOnlySequence<byte>(input)), maxBytes: 1 << 20);
        while (stream.ReadAsync().AsTask().GetAwaiter().GetResult() is { } line)
        {
            if (!SidebandReader.TryRead(line, out var channel, out var data))
            {
                return line.Kind == PktLineKind.Flush;
            }

            FuzzFailureException.Unless(channel is SidebandChannel.Pack or SidebandChannel.Progress or SidebandChannel.Error && data.Length == line.Payload.Length - 1, "a channel is one of three");
        }

        return false;
    }

    private static void Write(ArrayBufferWriter<byte> output, PktLineKind kind, ReadOnlySpan<byte> payload)
    {
        switch (kind)
        {
            case PktLineKind.Flush: output.WriteFlush(); break;
            case PktLineKind.Delim: output.WriteDelim(); break;
            case PktLineKind.ResponseEnd: output.WriteResponseEnd(); break;
            default: output.WriteData(payload); break;
        }
    }

    private static bool TryReadSpan(ref ReadOnlySpan<byte> span, out PktLineKind kind, out ReadOnlySpan<byte> payload, out PktLineError? failure)
    {
        failure = null;
        try
        {
            return PktLineReader.TryRead(ref span, out kind, out payload);
        }
        catch (PktLineException exception)
        {
            kind = default;
            payload = default;
            failure = exception.Error;
            return false;
        }
    }

    private static bool TryReadSequence(ref ReadOnlySequence<byte> sequence, out PktLine line, out PktLineError? failure)
    {
        failure = null;
        try
        {
            return PktLineReader.TryRead(ref sequence, out line);
        }
        catch (PktLineException exception)
        {
            (line, failure) = (default, exception.Error);
            return false;
        }
    }
}
