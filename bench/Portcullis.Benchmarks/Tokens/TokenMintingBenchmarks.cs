using BenchmarkDotNet.Attributes;
using Portcullis.Tokens;

namespace Portcullis.Benchmarks.Tokens;

/// <summary>What a new token costs.</summary>
[MemoryDiagnoser]
public class TokenMintingBenchmarks
{
    private TokenBench _bench = null!;

    [Params(SignatureAlgorithms.ES256, SignatureAlgorithms.RS256)]
    public string Algorithm { get; set; } = "";

    [GlobalSetup]
    public void SetUp() => _bench = new TokenBench(Algorithm, cacheCapacity: 0);

    [Benchmark]
    public string Mint() => _bench.Mint();
}
