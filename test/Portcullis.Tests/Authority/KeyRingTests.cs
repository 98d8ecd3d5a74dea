using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Portcullis.Authority.Keys;
using Portcullis.Authority.Storage;
using Portcullis.Tokens;

namespace Portcullis.Tests.Authority;

public sealed class KeyRingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Next_key_is_published_a_day_before_it_signs_and_the_old_one_verifies_until_its_last_token_is_dead()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync();
        KeyInfo first = Assert.Single(host.Keys.List());
        host.Clock.Advance(TimeSpan.FromDays(29) + TimeSpan.FromMinutes(1));
        await host.Keys.RotateIfDueAsync(Stop);
        KeyInfo next = host.Keys.List().Single(key => key.State == KeyState.Next);
        Assert.Equal(2, Kids(host).Count);
        Assert.Equal(first.KeyId, host.Keys.GetSigningKey().KeyId);
        var old = await TokenAsync(host, secret);
        host.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(next.KeyId, host.Keys.GetSigningKey().KeyId);
        var lastOfOld = old;
        await host.RefuseAsync(lastOfOld, TokenError.Expired);
        Assert.Equal(next.KeyId, (await host.AcceptAsync(await TokenAsync(host, secret))).KeyId);
        Assert.Contains(first.KeyId, Kids(host));
        host.Clock.Advance(TimeSpan.FromHours(2));
        await host.Keys.RotateIfDueAsync(Stop);
        Assert.DoesNotContain(first.KeyId, Kids(host));
    }

    [Fact]
    public async Task Rotation_by_hand_leaves_tokens_of_the_old_key_good()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync();
        var before = await TokenAsync(host, secret);
        KeyInfo made = await host.Keys.RotateAsync(null, immediately: true, Stop);
        Assert.Equal(KeyState.Signing, made.State);
        await host.AcceptAsync(before);
        Assert.Equal(made.KeyId, (await host.AcceptAsync(await TokenAsync(host, secret))).KeyId);
    }

    [Fact]
    public async Task Revoked_key_verifies_nothing_and_a_new_one_signs_at_once()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync();
        var before = await TokenAsync(host, secret);
        var kid = host.Keys.GetSigningKey().KeyId!;
        Assert.Equal(KeyState.Revoked, (await host.Keys.RevokeAsync(kid, Stop)).Value!.State);
        Assert.DoesNotContain(kid, Kids(host));
        Assert.NotEqual(TokenError.None, (await host.Gateway.ValidateAsync(before, default, Stop)).Error);
        await host.AcceptAsync(await TokenAsync(host, secret));
        Assert.False((await host.Keys.RevokeAsync("no-such-key", Stop)).Succeeded);
    }

    [Fact]
    public async Task Ring_survives_a_restart_and_private_halves_are_not_readable_in_the_database()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync();
        var token = await TokenAsync(host, secret);
        await using AuthorityHost again = await AuthorityHost.StartAsync(host.Directory, clock: host.Clock);
        await again.AcceptAsync(token);
        Assert.Null(again.Report.EnrolmentLink);
        SqliteConnection.ClearAllPools();
        foreach (var file in System.IO.Directory.GetFiles(host.Directory, "portcullis.db*"))
        {
            var content = Encoding.Latin1.GetString(await ReadSharedAsync(file));
            Assert.DoesNotContain("PRIVATE KEY", content, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Corrupt_key_row_is_named_at_start_and_nothing_is_overwritten()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(host.Directory, "portcullis.db")}"))
        {
            await connection.OpenAsync(Stop);
            SqliteCommand command = connection.CreateCommand();
            command.CommandText = "UPDATE SigningKeys SET ProtectedKey = x'00112233' WHERE Algorithm = 'ES256'";
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Stop));
        }

        AuthorityDatabaseException exception = await Assert.ThrowsAsync<AuthorityDatabaseException>(() => AuthorityHost.StartAsync(host.Directory, clock: host.Clock));
        Assert.Contains(host.Keys.List().Single().KeyId, exception.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operators_key_file_protects_everything_and_another_file_opens_nothing()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var directory = System.IO.Directory.CreateTempSubdirectory("portcullis-authority-").FullName;
        try
        {
            var file = Path.Combine(directory, "key-encryption-key");
            await File.WriteAllTextAsync(file, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n", Stop);
            string kid;
            await using (AuthorityHost first = await AuthorityHost.StartAsync(directory, o => o with { KeyEncryptionKeyFile = file }))
            {
                kid = first.Keys.GetSigningKey().KeyId!;
            }

            Assert.False(System.IO.Directory.Exists(Path.Combine(directory, "protection")));
            await using (AuthorityHost second = await AuthorityHost.StartAsync(directory, o => o with { KeyEncryptionKeyFile = file }))
            {
                Assert.Equal(kid, second.Keys.GetSigningKey().KeyId);
            }

            await File.WriteAllTextAsync(file, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), Stop);
            await Assert.ThrowsAsync<AuthorityDatabaseException>(() => AuthorityHost.StartAsync(directory, o => o with { KeyEncryptionKeyFile = file }));
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            System.IO.Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS256")]
    [InlineData("ES384")]
    public async Task Further_algorithms_have_a_key_of_their_own_that_a_client_can_ask_for(string algorithm)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(configure: o => o with { AdditionalSigningAlgorithms = [algorithm] });
        var secret = await host.AddServiceClientAsync(configure: client => client with { SigningAlgorithm = algorithm });
        Assert.Equal(algorithm, (await host.AcceptAsync(await TokenAsync(host, secret))).Algorithm);
        Assert.Equal(2, Kids(host).Count);
    }

    [Fact]
    public async Task Existing_keys_are_imported_as_PEM_and_as_JWK()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        var secret = await host.AddServiceClientAsync();
        using var pem = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        KeyInfo first = (await host.Keys.ImportAsync(pem.ExportPkcs8PrivateKeyPem(), null, Stop)).Value!;
        Assert.Equal(first.KeyId, (await host.AcceptAsync(await TokenAsync(host, secret))).KeyId);
        Assert.False((await host.Keys.ImportAsync(pem.ExportPkcs8PrivateKeyPem(), null, Stop)).Succeeded);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECParameters p = key.ExportParameters(true);
        static string Text(byte[] value) => System.Buffers.Text.Base64Url.EncodeToString(value);
        var jwk = JsonSerializer.Serialize(new { kty = "EC", crv = "P-256", x = Text(p.Q.X!), y = Text(p.Q.Y!), d = Text(p.D!) });
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        KeyInfo second = (await host.Keys.ImportAsync(jwk, null, Stop)).Value!;
        Assert.Equal(second.KeyId, (await host.AcceptAsync(await TokenAsync(host, secret))).KeyId);
        Assert.False((await host.Keys.ImportAsync("""{"kty":"EC","crv":"P-256"}""", null, Stop)).Succeeded);
        Assert.False((await host.Keys.ImportAsync("no key", null, Stop)).Succeeded);
    }

    private static async Task<byte[]> ReadSharedAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory, Stop);
        return memory.ToArray();
    }

    private static async Task<string> TokenAsync(AuthorityHost host, string secret) => (await host.PostAsync("/oauth/token", new Dictionary<string, string>
    {
        ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret,
    })).GetProperty("access_token").GetString()!;

    private static List<string> Kids(AuthorityHost host)
    {
        using JsonDocument document = JsonDocument.Parse(host.Keys.Jwks);
        return [.. document.RootElement.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString()!)];
    }
}
