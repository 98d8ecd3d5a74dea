using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Data.Sqlite;
using Portcullis.Tokens;

namespace Portcullis.Tests.Authority.Attacks;

/// <summary>A database that is away, and a clock that jumps.</summary>
public sealed class AvailabilityTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_the_database_nothing_is_issued_and_what_was_issued_stays_good()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var secret = await host.AddServiceClientAsync();
        var (access, refresh, _) = await OAuthFlow.SignInAsync(host, "openid git:acme/app:pull,push");
        var file = Path.Combine(host.Directory, "portcullis.db");
        SqliteConnection.ClearAllPools();
        File.Move(file, file + ".away");
        Directory.CreateDirectory(file);
        try
        {
            using HttpClient client = host.CreateClient();
            foreach (Dictionary<string, string> form in new[]
            {
                new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret },
                OAuthFlow.RefreshForm(refresh),
                OAuthFlow.CodeForm("x", "y"),
                new Dictionary<string, string>
                {
                    ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange", ["subject_token"] = access, ["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token", ["scope"] = "git:acme/app:pull",
                },
            })
            {
                HttpResponseMessage answer = await client.PostAsync("/oauth/token", new FormUrlEncodedContent(form), Stop);
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                Assert.Equal("temporarily_unavailable", JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop)).RootElement.GetProperty("error").GetString());
                Assert.NotNull(answer.Headers.RetryAfter);
            }

            using TestBrowser browser = host.CreateBrowser();
            TestPage page = await browser.SignInAsync("alice", AuthorityHost.Password);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, page.Status);
            Assert.Contains("Not available just now", page.Text, StringComparison.Ordinal);

            // Verifying is stateless, and so are the documents that verifiers read.
            await host.AcceptAsync(access);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/.well-known/jwks.json", Stop)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/.well-known/openid-configuration", Stop)).StatusCode);

            // Taking back works on this node at once, and says that the others don't know.
            ValidatedToken token = await host.AcceptAsync(access);
            await Assert.ThrowsAnyAsync<Exception>(() => host.Revocations.RevokeTokenAsync(token.TokenId, Stop));
            await host.RefuseAsync(access, TokenError.Revoked);
        }
        finally
        {
            Directory.Delete(file);
            File.Move(file + ".away", file);
        }

        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh));
    }

    [Fact]
    public async Task Clock_that_was_ahead_and_is_set_back_stops_nothing_from_being_signed()
    {
        JumpingClock clock = NewClock();
        clock.Ahead = TimeSpan.FromDays(3);
        await using AuthorityHost host = await AuthorityHost.StartAsync(clock: clock);
        var secret = await host.AddServiceClientAsync();
        Dictionary<string, string> form = new() { ["grant_type"] = "client_credentials", ["client_id"] = "ci", ["client_secret"] = secret };
        var ahead = (await host.PostAsync("/oauth/token", form)).GetProperty("access_token").GetString()!;
        clock.Ahead = TimeSpan.Zero;
        JsonElement answer = await host.PostAsync("/oauth/token", form);
        await host.AcceptAsync(answer.GetProperty("access_token").GetString()!);
        await host.RefuseAsync(ahead, TokenError.IssuedInFuture);
        await host.Keys.RotateIfDueAsync(Stop);
        await host.AcceptAsync((await host.PostAsync("/oauth/token", form)).GetProperty("access_token").GetString()!);

        // The same after a start: the ring's only key is of a time to come.
        await using AuthorityHost again = await AuthorityHost.StartAsync(host.Directory, clock: clock);
        await again.AcceptAsync((await again.PostAsync("/oauth/token", form)).GetProperty("access_token").GetString()!);
    }

    [Fact]
    public async Task Clock_that_jumps_ahead_and_back_brings_nothing_revoked_back_to_life_and_locks_nobody_out()
    {
        JumpingClock clock = NewClock();
        await using AuthorityHost host = await AuthorityHost.StartAsync(clock: clock);
        await host.AddAliceAsync();
        var (access, _, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        ValidatedToken token = await host.AcceptAsync(access);
        await host.Revocations.RevokeTokenAsync(token.TokenId, Stop);
        clock.Ahead = TimeSpan.FromDays(365);
        await host.Revocations.RemoveExpiredAsync(Stop);
        using TestBrowser browser = host.CreateBrowser();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.SignInAsync("nobody", "wrong wrong wrong")).Status);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await browser.SignInAsync("nobody", "wrong wrong wrong")).Status);
        clock.Ahead = TimeSpan.Zero;
        await host.RefuseAsync(access, TokenError.Revoked);

        // Nor for a node that starts after that, and knows what is in the database alone.
        await using (AuthorityHost again = await AuthorityHost.StartAsync(host.Directory, clock: clock))
        {
            await again.RefuseAsync(access, TokenError.Revoked);
        }

        clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.SignInAsync("nobody", "wrong wrong wrong")).Status);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    public async Task Revocation_is_forgotten_when_no_token_can_be_alive_and_not_before(int daysBehind)
    {
        JumpingClock clock = NewClock();
        await using AuthorityHost host = await AuthorityHost.StartAsync(clock: clock);
        await host.AddAliceAsync();
        await host.Revocations.PollAsync(Stop);

        // Whoever says it by a clock that is behind says it until yesterday.
        clock.Ahead = TimeSpan.FromDays(daysBehind);
        await host.Revocations.RevokeTokenAsync("some-token", Stop);
        await host.Revocations.PollAsync(Stop);
        clock.Ahead = TimeSpan.Zero;
        var index = host.Services.GetRequiredService<Portcullis.Authority.Revocations.RevocationIndex>();
        foreach (var _ in Enumerable.Range(0, 6))
        {
            clock.Advance(TimeSpan.FromMinutes(10));
            await host.Revocations.PollAsync(Stop);
            await host.Revocations.RemoveExpiredAsync(Stop);
            Assert.Contains(index.Entries, entry => entry.Value == "some-token");
        }

        clock.Advance(TimeSpan.FromMinutes(7));
        await host.Revocations.RemoveExpiredAsync(Stop);
        await host.Revocations.PollAsync(Stop);
        Assert.DoesNotContain(index.Entries, entry => entry.Value == "some-token");
        Assert.Empty(await host.Services.GetRequiredService<Portcullis.Authority.Storage.PlainDatabase>().ReadRevocationsAsync(0, Stop));
    }

    [Fact]
    public async Task Server_whose_database_never_answered_says_so_at_start()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => AuthorityHost.StartAsync(configure: o => o with { Database = $"Host=127.0.0.1;Port={port};Username=x;Database=x;Timeout=2" }));
    }

    private static JumpingClock NewClock() => new(DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
}
