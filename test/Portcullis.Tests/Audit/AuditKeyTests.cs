using System.Buffers.Text;
using System.Security.Cryptography;
using Portcullis.Audit;

namespace Portcullis.Tests.Audit;

public sealed class AuditKeyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("portcullis-audit-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_key_is_made_once_and_only_its_owner_can_read_it()
    {
        var path = Path.Combine(_folder, "audit.pem");
        using var made = AuditSigningKey.LoadOrCreate(path);
        using var loaded = AuditSigningKey.LoadOrCreate(path);
        Assert.Equal(made.KeyId, loaded.KeyId);
        Assert.Equal(made.Jwk, loaded.Jwk);
        Assert.Single(Directory.EnumerateFiles(_folder));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
    }

    [Fact]
    public void Many_that_start_for_the_first_time_at_once_have_one_key()
    {
        for (var round = 0; round < 20; round++)
        {
            var path = Path.Combine(_folder, $"{round}.pem");
            var ids = new string[8];
            using var start = new Barrier(ids.Length);
            var threads = Enumerable.Range(0, ids.Length).Select(index => new Thread(() =>
            {
                start.SignalAndWait();
                using var key = AuditSigningKey.LoadOrCreate(path);
                ids[index] = key.KeyId;
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            using var kept = AuditSigningKey.LoadOrCreate(path);
            Assert.All(ids, id => Assert.Equal(kept.KeyId, id));
        }

        Assert.Equal(20, Directory.EnumerateFiles(_folder).Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    public void Rejects_a_key_file_without_a_key_and_leaves_it_alone(string content)
    {
        var path = Path.Combine(_folder, "audit.pem");
        File.WriteAllText(path, content);
        Assert.ThrowsAny<CryptographicException>(() => AuditSigningKey.LoadOrCreate(path));
        Assert.Equal(content, File.ReadAllText(path));
    }

    [Fact]
    public void Rejects_a_key_on_another_curve()
    {
        var path = Path.Combine(_folder, "audit.pem");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        File.WriteAllText(path, key.ExportPkcs8PrivateKeyPem());
        Assert.Throws<CryptographicException>(() => AuditSigningKey.LoadOrCreate(path));
    }

    [Fact]
    public void Accepts_keys_of_every_kind_that_may_sign_and_passes_over_the_rest()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using var rsa = RSA.Create(2048);
        using var weak = RSA.Create(1024);
        var q = ec.ExportParameters(false).Q;
        var keys = AuditKeySet.Parse(
            $$"""
            {"keys":[
              {"kty":"EC","crv":"P-521","x":"{{B(q.X)}}","y":"{{B(q.Y)}}","kid":"ec"},
              {"kty":"RSA","n":"{{B(rsa.ExportParameters(false).Modulus)}}","e":"AQAB","alg":"RS512","kid":"rs"},
              {"kty":"RSA","n":"{{B(rsa.ExportParameters(false).Modulus)}}","e":"AQAB","kid":"ps"},
              {"kty":"RSA","n":"{{B(weak.ExportParameters(false).Modulus)}}","e":"AQAB","kid":"weak"},
              {"kty":"RSA","n":"{{B(rsa.ExportParameters(false).Modulus)}}","e":"AQAB","use":"enc","kid":"enc"},
              {"kty":"EC","crv":"P-521","x":"{{B(q.X)}}","y":"{{B(q.Y)}}"},
              {"kty":"oct","k":"c2VjcmV0","kid":"oct"},
              {"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"okp"}
            ]}
            """);
        Assert.Equal(["ec", "ps", "rs"], keys.KeyIds.Order());
        Assert.True(keys.Verify("ec", "data"u8, ec.SignData("data"u8, HashAlgorithmName.SHA512)));
        Assert.True(keys.Verify("rs", "data"u8, rsa.SignData("data"u8, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)));
        Assert.True(keys.Verify("ps", "data"u8, rsa.SignData("data"u8, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)));
        Assert.False(keys.Verify("ps", "data"u8, rsa.SignData("data"u8, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        Assert.False(keys.Verify("rs", "Data"u8, rsa.SignData("data"u8, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)));
        Assert.False(keys.Verify("none", "data"u8, []));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"keys\":1}")]
    [InlineData("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\"}]}")]
    [InlineData("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\",\"kid\":\"a\"}]}")]
    public void Rejects_what_is_no_key_set(string json) => Assert.Throws<FormatException>(() => AuditKeySet.Parse(json));

    [Fact]
    public void Rejects_two_keys_with_one_name()
    {
        using var one = AuditSigningKey.Create();
        using var two = AuditSigningKey.Create();
        Assert.Throws<FormatException>(() => AuditKeySet.Parse($$"""{"keys":[{{one.Jwk}},{{two.Jwk.Replace(two.KeyId, one.KeyId)}}]}"""));
    }

    private static string B(byte[]? bytes) => Base64Url.EncodeToString(bytes);
}
