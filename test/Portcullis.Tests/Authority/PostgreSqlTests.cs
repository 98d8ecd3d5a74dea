using System.Text.Json;

namespace Portcullis.Tests.Authority;

/// <summary>The same on PostgreSQL. PORTCULLIS_TEST_POSTGRESQL holds a connection string without a database, whose user may create some.</summary>
[Trait("suite", "peers")]
public sealed class PostgreSqlTests
{
    [Fact]
    public async Task Two_nodes_share_people_keys_and_revocations()
    {
        var server = Environment.GetEnvironmentVariable("PORTCULLIS_TEST_POSTGRESQL");
        Assert.SkipWhen(string.IsNullOrEmpty(server), "PORTCULLIS_TEST_POSTGRESQL is not set.");
        var keys = Directory.CreateTempSubdirectory("portcullis-pg-").FullName;
        try
        {
            var file = Path.Combine(keys, "key");
            await File.WriteAllBytesAsync(file, System.Security.Cryptography.RandomNumberGenerator.GetBytes(32), TestContext.Current.CancellationToken);
            var database = $"{server};Database=portcullis_test_{Guid.NewGuid():N};Pooling=false";
            await using AuthorityHost first = await AuthorityHost.StartAsync(configure: o => o with { Database = database, KeyEncryptionKeyFile = file });
            await using AuthorityHost second = await AuthorityHost.StartAsync(configure: o => o with { Database = database, KeyEncryptionKeyFile = file }, clock: first.Clock);
            Assert.NotNull(first.Report.EnrolmentLink);
            Assert.Null(second.Report.EnrolmentLink);
            Assert.Equal(first.Keys.GetSigningKey().KeyId, second.Keys.GetSigningKey().KeyId);
            await first.AddAliceAsync("engineering");
            var (access, refresh, _) = await OAuthFlow.SignInAsync(first, "openid git:acme/app:pull");
            var token = await second.AcceptAsync(access);
            JsonElement refreshed = await second.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh));
            await first.AcceptAsync(refreshed.GetProperty("access_token").GetString()!);
            await second.Revocations.RevokeSessionAsync(token.SessionId!, TestContext.Current.CancellationToken);
            await first.Revocations.PollAsync(TestContext.Current.CancellationToken);
            await first.RefuseAsync(access, Portcullis.Tokens.TokenError.Revoked);
            await second.Keys.RotateAsync(null, immediately: true, TestContext.Current.CancellationToken);
            await first.Keys.PollAsync(TestContext.Current.CancellationToken);
            Assert.Equal(second.Keys.GetSigningKey().KeyId, first.Keys.GetSigningKey().KeyId);
        }
        finally
        {
            Directory.Delete(keys, recursive: true);
        }
    }
}
