using System.Buffers;
using BenchmarkDotNet.Attributes;
using Portcullis.Git.PktLines;

namespace Portcullis.Benchmarks.Git;

/// <summary>What reading and writing pkt-lines costs: a thousand lines as an advertisement has them, and one as large as a pack's.</summary>
[MemoryDiagnoser]
public class PktLineBenchmarks
{
    private const int Lines = 1000;

    private readonly ArrayBufferWriter<byte> _output = new(1 << 20);
    private readonly byte[] _large = new byte[PktLine.MaxPayloadLength];
    private ReadOnlySequence<byte> _written;

    [GlobalSetup]
    public void SetUp()
    {
        var lines = new ArrayBufferWriter<byte>();
        for (var i = 0; i < Lines; i++)
        {
            lines.WriteText($"0123456789012345678901234567890123456789 refs/heads/topic/{i}");
        }

        _written = new ReadOnlySequence<byte>(lines.WrittenMemory);
    }

    [Benchmark(OperationsPerInvoke = Lines)]
    public long Read_a_line()
    {
        var rest = _written;
        long length = 0;
        while (PktLineReader.TryRead(ref rest, out var line))
        {
            length += line.Payload.Length;
        }

        return length;
    }

    [Benchmark(OperationsPerInvoke = Lines)]
    public int Write_a_line()
    {
        _output.ResetWrittenCount();
        for (var i = 0; i < Lines; i++)
        {
            _output.WriteText("0123456789012345678901234567890123456789 refs/heads/topic"u8);
        }

        return _output.WrittenCount;
    }

    [Benchmark]
    public int Write_the_largest_line()
    {
        _output.ResetWrittenCount();
        _output.WriteData(_large);
        return _output.WrittenCount;
    }
}
