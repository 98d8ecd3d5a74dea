using System.Data.Common;
using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.Authority.Storage;
using Portcullis.Tokens;

namespace Portcullis.Tests.Authority;

/// <summary>What an answer of the token endpoint writes becomes true at once, or not at all.</summary>
public sealed class GrantTransactionTests
{
    [Fact]
    public async Task Refresh_that_could_not_be_written_in_full_left_nothing_behind()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (access, refresh, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        Run(host, "CREATE TRIGGER full BEFORE UPDATE ON Sessions BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh), HttpStatusCode.ServiceUnavailable);
        Run(host, "DROP TRIGGER full");

        // Past the grace in which a used token may come again: had the first try used it up, this would end the whole session.
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        JsonElement answer = await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh));
        await host.AcceptAsync(access);
        await host.AcceptAsync(answer.GetProperty("access_token").GetString()!);

        // And the guard is where it was.
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh), HttpStatusCode.BadRequest);
        await host.RefuseAsync(answer.GetProperty("access_token").GetString()!, TokenError.Revoked);
    }

    [Fact]
    public async Task Used_refresh_token_that_comes_back_after_days_still_ends_its_family()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (_, first, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        var last = first;
        for (var day = 0; day < 10; day++)
        {
            host.Clock.Advance(TimeSpan.FromDays(1));
            await Portcullis.Authority.AuthorityUpkeep.PruneAsync(host.Services, host.Clock.GetUtcNow(), TestContext.Current.CancellationToken);
            last = (await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(last))).GetProperty("refresh_token").GetString()!;
        }

        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(first), HttpStatusCode.BadRequest);
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(last), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Refresh_writes_each_row_once_and_what_changed_of_it_alone()
    {
        var seen = new Statements();
        await using AuthorityHost host = await AuthorityHost.StartAsync(services: services => services.ConfigureDbContext<AuthorityDbContext>(builder => builder.AddInterceptors(seen)));
        await host.AddAliceAsync();
        var (_, refresh, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        seen.Texts.Clear();

        JsonElement answer = await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh));

        string[] written = [.. seen.Texts.Where(text => !text.StartsWith("SELECT", StringComparison.Ordinal))];
        Assert.Equal(3, written.Length);
        Assert.StartsWith("UPDATE \"OpenIddictTokens\" SET \"ConcurrencyToken\" = @p0, \"RedemptionDate\" = @p1, \"Status\" = @p2\nWHERE", written[0], StringComparison.Ordinal);
        Assert.Equal(["INSERT INTO \"OpenIddictTokens\"", "UPDATE \"Sessions\" SET"], written.Skip(1).Select(text => text[..text.IndexOf(' ', text.IndexOf('"', StringComparison.Ordinal))] + (text[0] == 'U' ? " SET" : "")).Order(StringComparer.Ordinal));
        Assert.Equal(4, seen.Texts.Count - written.Length);
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(answer.GetProperty("refresh_token").GetString()!));
    }

    private sealed class Statements : DbCommandInterceptor
    {
        public List<string> Texts { get; } = [];

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Texts.Add(command.CommandText);
            return ValueTask.FromResult(result);
        }
    }

    private static void Run(AuthorityHost host, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(host.Directory, "portcullis.db")}");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
