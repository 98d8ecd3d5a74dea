using System.Security.Cryptography;
using System.Text.Json;
using Portcullis.Tokens;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Tokens;

public sealed class SigningKeyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("portcullis-signing-").FullName;

    public static TheoryData<string> Algorithms => [.. SignatureAlgorithms.Asymmetric];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_key_comes_back_from_its_text_with_its_algorithm(string algorithm)
    {
        using SigningKey key = TokenFixture.KeyFor(algorithm);
        using SigningKey again = SigningKey.FromPem(key.ToPem());

        Assert.Equal((key.KeyId, algorithm), (again.KeyId, again.Algorithm));
        Assert.Equal(key.ToJwk(), again.ToJwk());
        Assert.Equal(key.SignatureLength, key.Sign("x"u8).Length);
    }

    [Fact]
    public void The_public_form_holds_nothing_private()
    {
        foreach (string algorithm in (string[])["ES256", "RS256"])
        {
            using SigningKey key = TokenFixture.KeyFor(algorithm);
            string[] names = [.. JsonElement.Parse(key.ToJwk()).EnumerateObject().Select(p => p.Name)];

            Assert.Empty(names.Except(["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"]));
        }
    }

    [Fact]
    public void Many_threads_sign_with_one_key()
    {
        using var key = SigningKey.Create();
        KeySet keys = KeySet.ParseJwks(System.Text.Encoding.UTF8.GetBytes(key.ToJwk()));
        AlgorithmDescriptor algorithm = AlgorithmDescriptor.Find("ES256")!;

        Parallel.For(0, 500, i =>
        {
            byte[] data = BitConverter.GetBytes(i);
            Assert.True(keys.Find(key.KeyId, algorithm, out _)!.Verify(algorithm, data, data.Length, key.Sign(data)));
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("secret material that nobody may see")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nc2VjcmV0")]
    public void Rejects_a_text_that_is_no_key_without_repeating_it(string pem)
    {
        KeySetFormatException exception = Assert.Throws<KeySetFormatException>(() => SigningKey.FromPem(pem));

        Assert.Null(exception.InnerException);
        Assert.DoesNotContain("secret material", exception.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("c2Vj", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_keys_that_do_not_suit()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var brainpool = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
        using var small = RSA.Create(1024);
        Assert.Equal("ES384", SigningKey.FromPem(ec.ExportECPrivateKeyPem()).Algorithm);
        Assert.Throws<KeySetFormatException>(() => SigningKey.FromPem(ec.ExportECPrivateKeyPem(), "ES256"));
        Assert.Throws<KeySetFormatException>(() => SigningKey.FromPem(ec.ExportECPrivateKeyPem(), "RS256"));
        Assert.Throws<KeySetFormatException>(() => SigningKey.FromPem(small.ExportPkcs8PrivateKeyPem()));
        Assert.Throws<KeySetFormatException>(() => SigningKey.FromPem(brainpool.ExportPkcs8PrivateKeyPem()));
        Assert.Throws<KeySetFormatException>(() => SigningKey.FromPem(ec.ExportSubjectPublicKeyInfoPem()));
        Assert.Throws<KeySetFormatException>(() => SigningKey.FromPem("Algorithm: none\n" + ec.ExportECPrivateKeyPem()));
        Assert.Throws<KeySetFormatException>(() => SigningKey.FromPem("Algorithm: HS256\n" + ec.ExportECPrivateKeyPem()));
        Assert.Throws<KeySetFormatException>(() => SigningKey.FromSecret(new byte[31]));
        Assert.Throws<ArgumentException>(() => SigningKey.Create("HS256"));
        Assert.Throws<ArgumentException>(() => SigningKey.Create("none"));
    }

    [Fact]
    public void Rejects_a_key_on_a_curve_that_nobody_knows()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] key = ec.ExportPkcs8PrivateKey();
        // 1.2.840.10045.3.1.7 becomes …127.
        int curve = key.AsSpan().IndexOf((byte[])[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
        key[curve + 7] = 0x7f;

        Assert.Throws<KeySetFormatException>(() => SigningKey.FromPem(PemEncoding.WriteString("PRIVATE KEY", key)));
    }

    [Fact]
    public void A_new_key_file_is_its_owners_alone()
    {
        string path = Path.Combine(_folder, "keys", "signing.pem");

        using SigningKey created = SigningKeyFile.LoadOrCreate(path);
        using SigningKey loaded = SigningKeyFile.LoadOrCreate(path);

        Assert.Equal(created.KeyId, loaded.KeyId);
        Assert.Equal(["signing.pem"], Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!).Select(Path.GetFileName));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
            Assert.Null(SigningKeyFile.FindModeProblem(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            Assert.NotNull(SigningKeyFile.FindModeProblem(path));
        }
    }

    [Fact]
    public void Programs_that_start_at_once_agree_on_one_key()
    {
        // Several times, since one race proves little.
        for (int round = 0; round < 20; round++)
        {
            string path = Path.Combine(_folder, $"signing-{round}.pem");
            string?[] ids = new string?[8];
            using var start = new Barrier(ids.Length);
            Thread[] threads = [.. Enumerable.Range(0, ids.Length).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                ids[i] = SigningKeyFile.LoadOrCreate(path).KeyId;
            }))];
            Array.ForEach(threads, t => t.Start());
            Array.ForEach(threads, t => t.Join());

            Assert.Single(ids.Distinct());
        }

        Assert.Equal(20, Directory.GetFileSystemEntries(_folder).Length);
    }

    [Fact]
    public void A_name_is_given_once_however_many_want_it()
    {
        for (int round = 0; round < 200; round++)
        {
            string name = Path.Combine(_folder, $"name-{round}");
            int given = 0;
            using var start = new Barrier(4);
            Thread[] threads = [.. Enumerable.Range(0, 4).Select(i => new Thread(() =>
            {
                string source = Path.Combine(_folder, $"{round}-{i}");
                File.WriteAllText(source, "x");
                start.SignalAndWait();
                if (ExclusiveMove.TryMove(source, name))
                {
                    Interlocked.Increment(ref given);
                }
            }))];
            Array.ForEach(threads, t => t.Start());
            Array.ForEach(threads, t => t.Join());

            Assert.Equal(1, given);
        }

        Assert.Throws<IOException>(() => ExclusiveMove.TryMove(Path.Combine(_folder, "absent"), Path.Combine(_folder, "no", "folder")));
    }

    [Fact]
    public void A_broken_key_file_is_left_as_it_is()
    {
        string path = Path.Combine(_folder, "signing.pem");
        File.WriteAllText(path, "broken");

        Assert.Throws<KeySetFormatException>(() => SigningKeyFile.LoadOrCreate(path));
        Assert.Equal("broken", File.ReadAllText(path));
        File.WriteAllText(path, TokenFixture.KeyFor("RS256").ToPem());
        Assert.Throws<KeySetFormatException>(() => SigningKeyFile.LoadOrCreate(path, "ES256"));
        Assert.Equal("PS256", SigningKeyFile.LoadOrCreate(path, "PS256").Algorithm);
    }

    [Fact]
    public void A_ring_publishes_before_it_signs_and_never_loses_the_key_that_signs()
    {
        using var first = SigningKey.Create();
        using SigningKey second = TokenFixture.KeyFor("PS256");
        var ring = new SigningKeyRing(first);
        ring.Add(second);

        Assert.Same(first, ring.Active);
        Assert.Equal([first.KeyId!, second.KeyId!], KeySet.ParseJwks(System.Text.Encoding.UTF8.GetBytes(ring.ToJwks())).KeyIds);
        Assert.Throws<InvalidOperationException>(() => ring.Remove(first.KeyId!));
        ring.Activate(second.KeyId!);
        Assert.True(ring.Remove(first.KeyId!));
        Assert.False(ring.Remove(first.KeyId!));
        Assert.Throws<ArgumentException>(() => ring.Activate(first.KeyId!));
        Assert.Throws<ArgumentException>(() => ring.Add(SigningKey.FromSecret(new byte[32])));
        Assert.Throws<InvalidOperationException>(() => new SigningKeyRing().Active);
    }
}
