using BenchmarkDotNet.Attributes;
using Portcullis.Audit;

namespace Portcullis.Benchmarks.Audit;

/// <summary>A thousand records through the whole log, from so many callers at once, on a real disk and with signed checkpoints.</summary>
[MemoryDiagnoser]
public class AuditLogBenchmarks
{
    private const int Records = 1000;

    private readonly string _folder = Directory.CreateTempSubdirectory("portcullis-bench-").FullName;
    private readonly AuditSigningKey _key = AuditSigningKey.Create();
    private AuditLog _log = null!;

    [Params(1, 8, 64)]
    public int Callers { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _log = AuditLog.OpenAsync(new AuditLogOptions { Directory = _folder, Signer = _key }, TimeProvider.System).AsTask().GetAwaiter().GetResult();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => CleanUp();
    }

    private void CleanUp()
    {
        _log.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark]
    public bool Append1000() => Append(durable: false);

    [Benchmark]
    public bool Append1000Durable() => Append(durable: true);

    private bool Append(bool durable)
    {
        Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Records / Callers; i++)
            {
                await _log.EnsureWritableAsync();
                await _log.AppendAsync(AuditBench.Record(), durable);
            }
        }))).GetAwaiter().GetResult();
        return true;
    }
}
