using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Portcullis.Authority.Clients;

namespace Portcullis.Tests.Authority;

/// <summary>Clients that show an assertion instead of a secret (RFC 7523).</summary>
public sealed class ClientAssertionTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Assertion_counts_once_on_whichever_node_it_comes()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using AuthorityHost first = await AuthorityHost.StartAsync();
        await using AuthorityHost second = await AuthorityHost.StartAsync(first.Directory, clock: first.Clock);
        await AddClientAsync(first, key);
        Dictionary<string, string> form = Form(first, key, "a");
        await first.PostAsync("/oauth/token", form);
        foreach (AuthorityHost node in new[] { first, second })
        {
            JsonElement refused = await node.PostAsync("/oauth/token", form, HttpStatusCode.Unauthorized);
            Assert.Equal("An assertion needs a jti, and counts once.", refused.GetProperty("error_description").GetString());
        }

        // Of many at once, one.
        form = Form(first, key, "b");
        HttpResponseMessage[][] answers = await Task.WhenAll(Attacks.CodeAttackTests.PostManyAsync(first, form, 4), Attacks.CodeAttackTests.PostManyAsync(second, form, 4));
        Assert.Single(answers.SelectMany(some => some), answer => answer.IsSuccessStatusCode);

        // What has run out is thrown away, and is good for nothing then by its own exp.
        first.Clock.Advance(TimeSpan.FromHours(2));
        await first.Revocations.RemoveAssertionsAsync(Stop);
        Assert.Equal(0L, Scalar(first, "SELECT COUNT(*) FROM UsedAssertions"));
        await second.PostAsync("/oauth/token", form, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Database_of_the_first_version_is_taken_to_this_one_with_what_it_holds()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var directory = Directory.CreateTempSubdirectory("portcullis-authority-").FullName;
        try
        {
            await using (AuthorityHost before = await AuthorityHost.StartAsync(directory))
            {
                await AddClientAsync(before, key);
                Scalar(before, "DROP TABLE UsedAssertions");
                Scalar(before, "ALTER TABLE AspNetUsers DROP COLUMN AdministratorBy");
                Scalar(before, "UPDATE SchemaVersion SET Version = 1");
            }

            await using AuthorityHost after = await AuthorityHost.StartAsync(directory);
            Assert.Equal(3L, Scalar(after, "SELECT MAX(Version) FROM SchemaVersion"));
            Dictionary<string, string> form = Form(after, key, "a");
            await after.PostAsync("/oauth/token", form);
            await after.PostAsync("/oauth/token", form, HttpStatusCode.Unauthorized);
            Assert.Null(Assert.Single(await after.Users.ListAsync(TestContext.Current.CancellationToken)).AdministratorBy);
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(directory, recursive: true);
        }
    }

    private static object? Scalar(AuthorityHost host, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(host.Directory, "portcullis.db")}");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static async Task AddClientAsync(AuthorityHost host, ECDsa key)
    {
        ECParameters p = key.ExportParameters(false);
        var jwks = JsonSerializer.Serialize(new { keys = new[] { new { kty = "EC", crv = "P-256", kid = "k", alg = "ES256", x = Base64Url.EncodeToString(p.Q.X), y = Base64Url.EncodeToString(p.Q.Y) } } });
        Assert.True((await host.Clients.AddAsync(new ClientInfo { Id = "keyed", Grants = [ClientGrant.ClientCredentials], IsConfidential = true, Jwks = jwks }, Stop)).Succeeded);
    }

    private static Dictionary<string, string> Form(AuthorityHost host, ECDsa key, string id)
    {
        var now = host.Clock.GetUtcNow().ToUnixTimeSeconds();
        var signed = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { alg = "ES256", kid = "k" })) + "."
            + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { iss = "keyed", sub = "keyed", aud = host.Address, iat = now, exp = now + 60, jti = id }));
        return new()
        {
            ["grant_type"] = "client_credentials",
            ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ["client_assertion"] = $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}",
        };
    }
}
