using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Data.Sqlite;
using Portcullis.Authority.Keys;
using Portcullis.Authority.Storage;

namespace Portcullis.Tests.Authority;

/// <summary>Under what the private keys lie in the database.</summary>
public sealed class KeyProtectionTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("portcullis-protection-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("pem")]
    [InlineData("two files")]
    [InlineData("pkcs12")]
    public async Task Operators_certificate_protects_everything_and_a_later_one_reads_what_the_former_one_wrote(string form)
    {
        KeyEncryptionCertificate first = NewCertificate("first", form);
        KeyEncryptionCertificate second = NewCertificate("second", form);
        string kid;
        await using (AuthorityHost host = await AuthorityHost.StartAsync(_directory, o => o with { KeyEncryptionCertificate = first }))
        {
            kid = host.Keys.GetSigningKey().KeyId!;
        }

        Assert.False(Directory.Exists(Path.Combine(_directory, "protection")));
        await using (AuthorityHost host = await AuthorityHost.StartAsync(_directory, o => o with { KeyEncryptionCertificate = second, FormerKeyEncryptionCertificates = [first] }))
        {
            Assert.Equal(kid, host.Keys.GetSigningKey().KeyId);
        }

        AuthorityDatabaseException exception = await Assert.ThrowsAsync<AuthorityDatabaseException>(
            () => AuthorityHost.StartAsync(_directory, o => o with { KeyEncryptionCertificate = NewCertificate("third", form) }));
        Assert.Contains("can't be decrypted. Nothing was changed", exception.Message, StringComparison.Ordinal);
        await using AuthorityHost again = await AuthorityHost.StartAsync(_directory, o => o with { KeyEncryptionCertificate = first });
        Assert.Equal(kid, again.Keys.GetSigningKey().KeyId);
    }

    [Fact]
    public async Task Database_changed_by_somebody_else_is_noticed()
    {
        KeyEncryptionCertificate certificate = NewCertificate("c", "pem");
        await using (await AuthorityHost.StartAsync(_directory, o => o with { KeyEncryptionCertificate = certificate }))
        {
        }

        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(_directory, "portcullis.db")}"))
        {
            await connection.OpenAsync(Stop);
            SqliteCommand read = connection.CreateCommand();
            read.CommandText = "SELECT Xml FROM ProtectionKeys";
            var xml = (string)(await read.ExecuteScalarAsync(Stop))!;
            var at = xml.IndexOf("<value>", StringComparison.Ordinal) + 60;
            SqliteCommand write = connection.CreateCommand();
            write.CommandText = "UPDATE ProtectionKeys SET Xml = $xml";
            write.Parameters.AddWithValue("$xml", xml[..at] + (xml[at] == 'A' ? 'B' : 'A') + xml[(at + 1)..]);
            Assert.Equal(1, await write.ExecuteNonQueryAsync(Stop));
        }

        await Assert.ThrowsAsync<AuthorityDatabaseException>(() => AuthorityHost.StartAsync(_directory, o => o with { KeyEncryptionCertificate = certificate }));
    }

    [Fact]
    public async Task Certificate_that_can_not_decrypt_is_named_at_start()
    {
        using var elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = new CertificateRequest("CN=x", elliptic, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        var path = Path.Combine(_directory, "ec.pem");
        await File.WriteAllTextAsync(path, certificate.ExportCertificatePem() + "\n" + elliptic.ExportPkcs8PrivateKeyPem(), Stop);
        AuthorityDatabaseException exception = await Assert.ThrowsAsync<AuthorityDatabaseException>(
            () => AuthorityHost.StartAsync(_directory, o => o with { KeyEncryptionCertificate = new KeyEncryptionCertificate(path) }));
        Assert.Contains("no RSA private key", exception.Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, certificate.ExportCertificatePem(), Stop);
        exception = await Assert.ThrowsAsync<AuthorityDatabaseException>(
            () => AuthorityHost.StartAsync(_directory, o => o with { KeyEncryptionCertificate = new KeyEncryptionCertificate(path) }));
        Assert.Contains("can't be read", exception.Message, StringComparison.Ordinal);
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    private KeyEncryptionCertificate NewCertificate(string name, string form)
    {
        using var rsa = RSA.Create(2048);
        // Run out long ago: that doesn't matter for decrypting.
        using X509Certificate2 certificate = new CertificateRequest("CN=" + name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));
        var path = Path.Combine(_directory, name);
        switch (form)
        {
            case "pkcs12":
                File.WriteAllBytes(path + ".p12", certificate.Export(X509ContentType.Pkcs12));
                return new KeyEncryptionCertificate(path + ".p12");
            case "pem":
                File.WriteAllText(path + ".pem", certificate.ExportCertificatePem() + "\n" + rsa.ExportPkcs8PrivateKeyPem());
                return new KeyEncryptionCertificate(path + ".pem");
            default:
                File.WriteAllText(path + ".crt", certificate.ExportCertificatePem(), Encoding.ASCII);
                File.WriteAllText(path + ".key", rsa.ExportPkcs8PrivateKeyPem(), Encoding.ASCII);
                return new KeyEncryptionCertificate(path + ".crt", path + ".key");
        }
    }
}
