using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;

namespace Portcullis.Benchmarks.Tokens;

/// <summary>What the platform alone takes for the arithmetic of a token of 600 bytes: nobody can be faster than this.</summary>
public class SignatureBaselineBenchmarks
{
    private readonly byte[] _data = RandomNumberGenerator.GetBytes(600);
    private readonly ECDsa _ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA _rsa = RSA.Create(2048);
    private byte[] _ecdsaSignature = [];
    private byte[] _rsaSignature = [];

    [GlobalSetup]
    public void SetUp()
    {
        _ecdsaSignature = _ecdsa.SignData(_data, HashAlgorithmName.SHA256);
        _rsaSignature = _rsa.SignData(_data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    [Benchmark]
    public bool ES256() => _ecdsa.VerifyData(_data, _ecdsaSignature, HashAlgorithmName.SHA256);

    [Benchmark]
    public bool RS256() => _rsa.VerifyData(_data, _rsaSignature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    [Benchmark]
    public bool SHA256() => System.Security.Cryptography.SHA256.HashData(_data)[0] == 0;
}
