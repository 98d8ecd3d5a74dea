using BenchmarkDotNet.Attributes;
using Portcullis.Tokens;

namespace Portcullis.Benchmarks.Tokens;

/// <summary>
/// What a refusal costs. The tampered tokens keep a signature that is in range for the key, so that the whole verification is paid: one by another RSA key is often refused before any
/// arithmetic, and flatters. Nothing is remembered of them, but in the benchmark that says so.
/// </summary>
[MemoryDiagnoser]
public class TokenRefusalBenchmarks
{
    private readonly TokenBench _ecdsa = new(SignatureAlgorithms.ES256, cacheCapacity: 4096);
    private readonly TokenBench _rsa = new(SignatureAlgorithms.RS256, cacheCapacity: 4096);
    private readonly TokenBench _remembering = new(SignatureAlgorithms.ES256, cacheCapacity: 4096, refusedCapacity: 1024);
    private string _tamperedAgain = "";
    private string _tamperedEcdsa = "";
    private string _tamperedRsa = "";
    private string _expired = "";
    private string _otherAlgorithm = "";
    private string _dots = "";

    [GlobalSetup]
    public void SetUp()
    {
        _tamperedEcdsa = Tamper(_ecdsa);
        _tamperedRsa = Tamper(_rsa);
        _expired = new Portcullis.Tokens.Minting.TokenMinter("https://git.example.com", Portcullis.Tokens.Keys.SigningKey.Create(), new Yesterday()).Mint(TokenBench.Request).Token!;
        _otherAlgorithm = _rsa.Mint();
        _dots = new string('.', 8192);
        _tamperedAgain = Tamper(_remembering);
        _remembering.Expect(_tamperedAgain, TokenError.SignatureInvalid);
        _ecdsa.Expect(_tamperedEcdsa, TokenError.SignatureInvalid);
        _rsa.Expect(_tamperedRsa, TokenError.SignatureInvalid);
        _ecdsa.Expect(_expired, TokenError.Expired);
        _ecdsa.Expect(_otherAlgorithm, TokenError.AlgorithmRefused);
        _ecdsa.Expect(_dots, TokenError.Malformed);
    }

    [Benchmark]
    public bool Tampered_ES256() => _ecdsa.Validator.ValidateAsync(_tamperedEcdsa).Result.IsValid;

    [Benchmark]
    public bool Tampered_RS256() => _rsa.Validator.ValidateAsync(_tamperedRsa).Result.IsValid;

    [Benchmark]
    public bool Tampered_again() => _remembering.Validator.ValidateAsync(_tamperedAgain).Result.IsValid;

    [Benchmark]
    public bool Expired() => _ecdsa.Validator.ValidateAsync(_expired).Result.IsValid;

    [Benchmark]
    public bool Other_algorithm() => _ecdsa.Validator.ValidateAsync(_otherAlgorithm).Result.IsValid;

    [Benchmark]
    public bool Dots() => _ecdsa.Validator.ValidateAsync(_dots).Result.IsValid;

    // The signature of one token under the payload of another: a signature by the right key, in range, and wrong.
    private static string Tamper(TokenBench bench)
    {
        string[] parts = bench.Mint().Split('.');
        return $"{parts[0]}.{parts[1]}.{bench.Mint().Split('.')[2]}";
    }

    private sealed class Yesterday : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddDays(-1);
    }
}
