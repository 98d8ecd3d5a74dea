using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using CsCheck;
using Portcullis.Git.PktLines;

namespace Portcullis.Tests.Git.PktLines;

public class PktLineTests
{
    [Fact]
    public void Kinds_and_payloads_are_read()
    {
        var buffer = Sequence("0000000100020004000ahello\n");
        Assert.Equal(
            ["Flush:", "Delim:", "ResponseEnd:", "Data:", "Data:hello\n"],
            ReadAll(ref buffer).Select(line => $"{line.Kind}:{line.Payload}"));
    }

    [Theory]
    [InlineData("0003", PktLineError.BadLength)]
    [InlineData("fff1", PktLineError.BadLength)]
    [InlineData("ffff", PktLineError.BadLength)]
    [InlineData("00 5a", PktLineError.NotHexadecimal)]
    [InlineData(" 005a", PktLineError.NotHexadecimal)]
    [InlineData("0x05a", PktLineError.NotHexadecimal)]
    [InlineData("+005a", PktLineError.NotHexadecimal)]
    [InlineData("-001a", PktLineError.NotHexadecimal)]
    [InlineData("000g", PktLineError.NotHexadecimal)]
    [InlineData("000/", PktLineError.NotHexadecimal)]
    [InlineData("000:", PktLineError.NotHexadecimal)]
    [InlineData("PACK", PktLineError.NotHexadecimal)]
    [InlineData("\0\0\0\0", PktLineError.NotHexadecimal)]
    public void Rejects_lengths_that_git_does_not_send(string text, PktLineError error)
    {
        var whole = Sequence(text);
        Assert.Equal(error, Assert.Throws<PktLineException>(() => PktLineReader.TryRead(ref whole, out _)).Error);
        var split = Split(Encoding.Latin1.GetBytes(text), 1);
        Assert.Equal(error, Assert.Throws<PktLineException>(() => PktLineReader.TryRead(ref split, out _)).Error);
        Assert.Throws<PktLineException>(() =>
        {
            ReadOnlySpan<byte> span = Encoding.Latin1.GetBytes(text);
            PktLineReader.TryRead(ref span, out _, out _);
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("000")]
    [InlineData("0005")]
    [InlineData("000ahello")]
    public void Waits_for_more_when_a_line_is_not_complete(string text)
    {
        var buffer = Sequence(text);
        Assert.False(PktLineReader.TryRead(ref buffer, out _));
        Assert.Equal(text.Length, buffer.Length);
    }

    [Fact]
    public void Capital_digits_are_read_as_git_reads_them()
    {
        var buffer = Sequence("000Ahello\n");
        Assert.True(PktLineReader.TryRead(ref buffer, out var line));
        Assert.Equal(6, line.Payload.Length);
    }

    [Fact]
    public void Longest_line_is_65520_bytes()
    {
        var output = new ArrayBufferWriter<byte>();
        output.WriteData(new byte[PktLine.MaxPayloadLength]);
        Assert.Equal("fff0", Encoding.ASCII.GetString(output.WrittenSpan[..4]));
        var buffer = new ReadOnlySequence<byte>(output.WrittenMemory);
        Assert.True(PktLineReader.TryRead(ref buffer, out var line));
        Assert.Equal(PktLine.MaxPayloadLength, line.Payload.Length);
        Assert.Throws<ArgumentException>(() => output.WriteData(new byte[PktLine.MaxPayloadLength + 1]));
        Assert.Throws<ArgumentException>(() => output.WriteText(new byte[PktLine.MaxPayloadLength]));
    }

    [Fact]
    public void Reading_what_was_written_gives_the_same_lines_however_it_is_cut()
    {
        var lines = Gen.Select(Gen.Enum<PktLineKind>(), Gen.Byte.Array[0, 300]).Array[0, 12];
        Gen.Select(lines, Gen.Int[1, 50]).Sample((lines, size) =>
        {
            var output = new ArrayBufferWriter<byte>();
            foreach (var (kind, payload) in lines)
            {
                Write(output, kind, payload);
            }

            var buffer = Split(output.WrittenSpan.ToArray(), size);
            var read = ReadAll(ref buffer);
            ReadOnlySpan<byte> span = output.WrittenSpan;
            foreach (var (kind, payload) in lines)
            {
                if (!PktLineReader.TryRead(ref span, out var spanKind, out var spanPayload) || spanKind != kind
                    || !spanPayload.SequenceEqual(kind == PktLineKind.Data ? payload : []))
                {
                    return false;
                }
            }

            return buffer.IsEmpty && span.IsEmpty && read.Select(line => line.Kind).SequenceEqual(lines.Select(line => line.Item1))
                && read.Zip(lines).All(pair => pair.First.Kind != PktLineKind.Data || pair.First.Bytes.AsSpan().SequenceEqual(pair.Second.Item2));
        });
    }

    [Fact]
    public async Task Stream_reads_lines_as_they_arrive_and_leaves_the_pipe_at_the_next_byte()
    {
        var pipe = new Pipe();
        var stream = new PktLineStream(pipe.Reader);
        var first = stream.ReadAsync(TestContext.Current.CancellationToken);
        await pipe.Writer.WriteAsync("000"u8.ToArray(), TestContext.Current.CancellationToken);
        await pipe.Writer.WriteAsync("ahel"u8.ToArray(), TestContext.Current.CancellationToken);
        await pipe.Writer.WriteAsync("lo\n0000PACKrest"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal("hello\n", Encoding.ASCII.GetString((await first)!.Value.Payload.ToArray()));
        Assert.Equal(PktLineKind.Flush, (await stream.ReadAsync(TestContext.Current.CancellationToken))!.Value.Kind);
        Assert.Equal(14, stream.BytesRead);
        stream.Release();
        await pipe.Writer.CompleteAsync();
        var rest = await pipe.Reader.ReadAtLeastAsync(8, TestContext.Current.CancellationToken);
        Assert.Equal("PACKrest", Encoding.ASCII.GetString(rest.Buffer.ToArray()));
    }

    [Fact]
    public async Task Stream_tells_a_clean_end_from_a_body_cut_short()
    {
        var clean = new PktLineStream(PipeReader.Create(Sequence("0000")));
        Assert.Equal(PktLineKind.Flush, (await clean.ReadAsync(TestContext.Current.CancellationToken))!.Value.Kind);
        Assert.Null(await clean.ReadAsync(TestContext.Current.CancellationToken));
        foreach (var cut in new[] { "0", "000", "0005", "000ahell" })
        {
            var stream = new PktLineStream(PipeReader.Create(Sequence(cut)));
            var exception = await Assert.ThrowsAsync<PktLineException>(async () => await stream.ReadAsync(TestContext.Current.CancellationToken));
            Assert.Equal(PktLineError.CutShort, exception.Error);
        }
    }

    [Fact]
    public async Task Stream_stops_at_its_limit()
    {
        var stream = new PktLineStream(PipeReader.Create(Sequence("0005a0005b0005c")), maxBytes: 10);
        await stream.ReadAsync(TestContext.Current.CancellationToken);
        await stream.ReadAsync(TestContext.Current.CancellationToken);
        var exception = await Assert.ThrowsAsync<PktLineException>(async () => await stream.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(PktLineError.TooLong, exception.Error);
    }

    [Fact]
    public void Errors_cannot_write_control_sequences_on_the_users_terminal()
    {
        var output = new ArrayBufferWriter<byte>();
        output.WriteError("no\u001b[2J\nway");
        Assert.Equal("0013ERR no [2J way\n", Encoding.ASCII.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData(SidebandWriter.LargeDataLength)]
    [InlineData(SidebandWriter.SmallDataLength)]
    public void Sideband_splits_at_its_packet_length_and_reads_back(int packetLength)
    {
        Gen.Select(Gen.Int[0, 200_000], Gen.Enum<SidebandChannel>()).Sample((length, channel) =>
        {
            var data = new byte[length];
            new Random(length).NextBytes(data);
            var output = new ArrayBufferWriter<byte>();
            output.WriteSideband(channel, data, packetLength);
            output.WriteFlush();
            var buffer = new ReadOnlySequence<byte>(output.WrittenMemory);
            var read = new List<byte>();
            while (PktLineReader.TryRead(ref buffer, out var line) && SidebandReader.TryRead(line, out var readChannel, out var part))
            {
                Assert.Equal(channel, readChannel);
                Assert.InRange(part.Length, 1, packetLength);
                read.AddRange(part.ToArray());
            }

            return read.SequenceEqual(data) && buffer.IsEmpty && output.WrittenCount == length + 4 + ((length + packetLength - 1) / packetLength * 5);
        }, iter: 30);
    }

    [Theory]
    [InlineData("0004")]
    [InlineData("0005\0")]
    [InlineData("0005\u0004")]
    public void Rejects_sideband_packets_without_a_known_channel(string text)
    {
        var buffer = Sequence(text);
        Assert.True(PktLineReader.TryRead(ref buffer, out var line));
        Assert.Throws<PktLineException>(() => SidebandReader.TryRead(line, out _, out _));
    }

    private static void Write(ArrayBufferWriter<byte> output, PktLineKind kind, byte[] payload)
    {
        switch (kind)
        {
            case PktLineKind.Data: output.WriteData(payload); break;
            case PktLineKind.Flush: output.WriteFlush(); break;
            case PktLineKind.Delim: output.WriteDelim(); break;
            default: output.WriteResponseEnd(); break;
        }
    }

    private static List<(PktLineKind Kind, string Payload, byte[] Bytes)> ReadAll(ref ReadOnlySequence<byte> buffer)
    {
        var lines = new List<(PktLineKind, string, byte[])>();
        while (PktLineReader.TryRead(ref buffer, out var line))
        {
            lines.Add((line.Kind, Encoding.Latin1.GetString(line.Payload.ToArray()), line.Payload.ToArray()));
        }

        return lines;
    }

    private static ReadOnlySequence<byte> Sequence(string text) => new(Encoding.Latin1.GetBytes(text));

    private static ReadOnlySequence<byte> Split(byte[] bytes, int size)
    {
        Segment? first = null;
        Segment? last = null;
        foreach (var chunk in bytes.Chunk(size))
        {
            last = last is null ? first = new Segment(chunk) : last.Append(chunk);
        }

        return first is null ? ReadOnlySequence<byte>.Empty : new(first, 0, last!, last!.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
