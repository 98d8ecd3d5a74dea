using System.Text.Json;
using Portcullis.Authority;

namespace Portcullis.Tests.Authority;

/// <summary>The same on PostgreSQL. PORTCULLIS_TEST_POSTGRESQL holds a connection string without a database, whose user may create some.</summary>
[Trait("suite", "peers")]
public sealed class PostgreSqlTests
{
    [Fact]
    public async Task Two_nodes_that_start_at_once_make_one_ring_and_one_administrator()
    {
        await WithDatabaseAsync(async options =>
        {
            AuthorityHost[] nodes = await Task.WhenAll(AuthorityHost.StartAsync(configure: options), AuthorityHost.StartAsync(configure: options));
            Assert.Single(nodes, node => node.Report.EnrolmentLink is not null);
            Assert.Equal(nodes[0].Keys.InternalSecret, nodes[1].Keys.InternalSecret);
            Assert.Single(await nodes[0].Users.ListAsync(TestContext.Current.CancellationToken));
            foreach (AuthorityHost node in nodes)
            {
                await node.Keys.PollAsync(TestContext.Current.CancellationToken);
            }

            Assert.Equal(nodes[0].Keys.GetSigningKey().KeyId, nodes[1].Keys.GetSigningKey().KeyId);
            foreach (AuthorityHost node in nodes)
            {
                await node.DisposeAsync();
            }
        });
    }

    [Fact]
    public async Task Code_and_refresh_token_shown_to_two_nodes_at_once_are_used_as_on_one()
    {
        await WithDatabaseAsync(async options =>
        {
            await using AuthorityHost first = await AuthorityHost.StartAsync(configure: o => options(o) with { MaxFailuresPerAddress = 1000 });
            await using AuthorityHost second = await AuthorityHost.StartAsync(configure: o => options(o) with { MaxFailuresPerAddress = 1000 }, clock: first.Clock);
            await first.AddAliceAsync();
            var verifier = OAuthFlow.NewVerifier();
            Dictionary<string, string> form = OAuthFlow.CodeForm(await OAuthFlow.GetCodeAsync(first, verifier, "git:acme/app:pull"), verifier);
            HttpResponseMessage[][] codes = await Task.WhenAll(Attacks.CodeAttackTests.PostManyAsync(first, form, 4), Attacks.CodeAttackTests.PostManyAsync(second, form, 4));
            HttpResponseMessage good = Assert.Single(codes.SelectMany(answers => answers), answer => answer.IsSuccessStatusCode);
            var refresh = JsonDocument.Parse(await good.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("refresh_token").GetString()!;
            HttpResponseMessage[][] refreshed = await Task.WhenAll(
                Attacks.CodeAttackTests.PostManyAsync(first, OAuthFlow.RefreshForm(refresh), 4), Attacks.CodeAttackTests.PostManyAsync(second, OAuthFlow.RefreshForm(refresh), 4));
            Assert.All(refreshed.SelectMany(answers => answers), answer => Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode));
            first.Clock.Advance(TimeSpan.FromMinutes(1));
            await second.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh), System.Net.HttpStatusCode.BadRequest);
            await first.Revocations.PollAsync(TestContext.Current.CancellationToken);
            foreach (HttpResponseMessage answer in refreshed.SelectMany(answers => answers))
            {
                var access = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("access_token").GetString()!;
                await first.RefuseAsync(access, Portcullis.Tokens.TokenError.Revoked);
            }
        });
    }

    [Fact]
    public async Task Two_nodes_share_people_keys_and_revocations()
    {
        await WithDatabaseAsync(async options =>
        {
            await using AuthorityHost first = await AuthorityHost.StartAsync(configure: options);
            await using AuthorityHost second = await AuthorityHost.StartAsync(configure: options, clock: first.Clock);
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
        });
    }

    private static async Task WithDatabaseAsync(Func<Func<AuthorityOptions, AuthorityOptions>, Task> run)
    {
        var server = Environment.GetEnvironmentVariable("PORTCULLIS_TEST_POSTGRESQL");
        Assert.SkipWhen(string.IsNullOrEmpty(server), "PORTCULLIS_TEST_POSTGRESQL is not set.");
        var keys = Directory.CreateTempSubdirectory("portcullis-pg-").FullName;
        try
        {
            var file = Path.Combine(keys, "key");
            await File.WriteAllBytesAsync(file, System.Security.Cryptography.RandomNumberGenerator.GetBytes(32), TestContext.Current.CancellationToken);
            var database = $"{server};Database=portcullis_test_{Guid.NewGuid():N};Pooling=false";
            await run(o => o with { Database = database, KeyEncryptionKeyFile = file });
        }
        finally
        {
            Directory.Delete(keys, recursive: true);
        }
    }
}
