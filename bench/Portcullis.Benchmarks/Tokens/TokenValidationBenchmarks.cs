using BenchmarkDotNet.Attributes;
using Portcullis.Tokens;

namespace Portcullis.Benchmarks.Tokens;

/// <summary>What a token costs the first time that it is seen, and every time after.</summary>
[MemoryDiagnoser]
public class TokenValidationBenchmarks
{
    private TokenBench _uncached = null!;
    private TokenBench _cached = null!;
    private string _uncachedToken = "";
    private string _cachedToken = "";

    [Params(SignatureAlgorithms.ES256, SignatureAlgorithms.ES384, SignatureAlgorithms.ES512, SignatureAlgorithms.RS256, SignatureAlgorithms.PS256, SignatureAlgorithms.HS256)]
    public string Algorithm { get; set; } = "";

    [GlobalSetup]
    public void SetUp()
    {
        _uncached = new TokenBench(Algorithm, cacheCapacity: 0);
        _uncachedToken = _uncached.Mint();
        _uncached.Expect(_uncachedToken, TokenError.None);
        _cached = new TokenBench(Algorithm, cacheCapacity: 4096);
        _cachedToken = _cached.Mint();
        _cached.Expect(_cachedToken, TokenError.None);
    }

    [Benchmark]
    public bool First() => _uncached.Validator.ValidateAsync(_uncachedToken).Result.IsValid;

    [Benchmark]
    public bool Cached() => _cached.Validator.ValidateAsync(_cachedToken).Result.IsValid;
}
