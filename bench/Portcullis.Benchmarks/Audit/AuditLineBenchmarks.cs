using BenchmarkDotNet.Attributes;
using Portcullis.Audit;
using Portcullis.Audit.Lines;

namespace Portcullis.Benchmarks.Audit;

/// <summary>What one line costs: on the caller's thread to write it, on the one writer's to link it.</summary>
[MemoryDiagnoser]
public class AuditLineBenchmarks
{
    private const int ChainedBytes = 1 << 20;

    private readonly AuditRecord _record = AuditBench.Record();
    private readonly LineBuffer _line = new();
    private readonly List<int> _ends = [];
    private readonly LineBuffer _written = new();
    private readonly Chain _chain = new("gw1", signer: null, ChainPosition.Start);

    public AuditLineBenchmarks() => RecordLine.Write(_written, [], _record, "gw1", _record.Time);

    [Benchmark]
    public bool WriteLine()
    {
        _line.Clear();
        _ends.Clear();
        RecordLine.Write(_line, _ends, _record, "gw1", _record.Time);
        return true;
    }

    [Benchmark]
    public bool LinkLine()
    {
        _chain.Add(_written.Written);
        if (_chain.Batch.Length >= ChainedBytes)
        {
            _chain.Commit();
        }

        return true;
    }
}
