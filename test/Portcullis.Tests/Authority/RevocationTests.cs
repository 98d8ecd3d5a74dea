using System.Net;
using System.Text.Json;
using Portcullis.Authority;
using Portcullis.EndToEnd.Harness;
using Portcullis.Tokens;
using Portcullis.Tokens.Revocation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Portcullis.Tests.Authority;

public sealed class RevocationTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("token")]
    [InlineData("session")]
    [InlineData("subject")]
    [InlineData("client")]
    [InlineData("key")]
    [InlineData("disable")]
    [InlineData("remove")]
    public async Task What_is_revoked_is_refused_at_once_and_a_running_transfer_is_cut(string what)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (access, refresh, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        ValidatedToken token = await host.AcceptAsync(access);
        var cut = 0;
        using IDisposable watch = host.Services.GetRequiredService<IRevocationList>().OnRevoked(token, () => cut++);
        Assert.Equal(0, cut);
        switch (what)
        {
            case "token": await host.Revocations.RevokeTokenAsync(token.TokenId, Stop); break;
            case "session": Assert.True(await host.Revocations.RevokeSessionAsync(token.SessionId!, Stop)); break;
            case "subject": await host.Revocations.RevokeSubjectAsync("alice", Stop); break;
            case "client": await host.Revocations.RevokeClientAsync(OAuthFlow.ClientId, Stop); break;
            case "key": Assert.True((await host.Keys.RevokeAsync(token.KeyId!, Stop)).Succeeded); break;
            case "disable": Assert.True((await host.Users.DisableAsync("alice", Stop)).Succeeded); break;
            default: Assert.True((await host.Users.RemoveAsync("alice", Stop)).Succeeded); break;
        }

        Assert.Equal(1, cut);
        Assert.Contains((await host.Gateway.ValidateAsync(access, default, Stop)).Error, new[] { TokenError.Revoked, TokenError.KeyUnknown });

        // A token or a key that is revoked ends no login; all else does.
        JsonElement refreshed = await host.PostAsync(
            "/oauth/token", OAuthFlow.RefreshForm(refresh), what is "token" or "key" ? HttpStatusCode.OK : HttpStatusCode.BadRequest);
        if (what is "token" or "key")
        {
            await host.AcceptAsync(refreshed.GetProperty("access_token").GetString()!);
        }
    }

    [Fact]
    public async Task Another_node_on_the_same_database_hears_of_it()
    {
        await using AuthorityHost first = await AuthorityHost.StartAsync();
        await using AuthorityHost second = await AuthorityHost.StartAsync(first.Directory, clock: first.Clock);
        await first.AddAliceAsync();
        var (access, _, _) = await OAuthFlow.SignInAsync(first, "git:acme/app:pull");
        ValidatedToken token = await second.AcceptAsync(access);
        await first.Revocations.RevokeSessionAsync(token.SessionId!, Stop);
        await second.Revocations.PollAsync(Stop);
        await second.RefuseAsync(access, TokenError.Revoked);
    }

    [Fact]
    public async Task Another_node_looks_by_itself_each_half_second()
    {
        var clock = new HalfSecondClock();
        await using AuthorityHost first = await AuthorityHost.StartAsync(clock: clock);
        await using AuthorityHost second = await AuthorityHost.StartAsync(first.Directory, clock: clock, services: services => services.AddHostedService<AuthorityUpkeep>());
        await first.AddAliceAsync();
        var (access, _, _) = await OAuthFlow.SignInAsync(first, "git:acme/app:pull");
        ValidatedToken token = await second.AcceptAsync(access);

        await first.Revocations.RevokeSessionAsync(token.SessionId!, Stop);
        await clock.Ticking.WaitAsync(Eventually.Patience, Stop);
        clock.Advance(TimeSpan.FromMilliseconds(500));

        await Eventually.UntilAsync(async () => (await second.Gateway.ValidateAsync(access, default, Stop)).Error == TokenError.Revoked, () => "it has not looked");
    }

    [Fact]
    public async Task Entries_outlive_a_restart_and_go_when_no_token_can_be_alive()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (access, _, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        ValidatedToken token = await host.AcceptAsync(access);
        await host.Revocations.RevokeTokenAsync(token.TokenId, Stop);
        await using (AuthorityHost again = await AuthorityHost.StartAsync(host.Directory, clock: host.Clock))
        {
            await again.RefuseAsync(access, TokenError.Revoked);
        }

        host.Clock.Advance(TimeSpan.FromHours(2));
        await host.Revocations.RemoveExpiredAsync(Stop);
        Assert.Empty(await host.Revocations.ListAsync(Stop));
        await host.RefuseAsync(access, TokenError.Expired);
    }

    [Fact]
    public async Task Client_revokes_its_own_tokens_by_RFC_7009()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (access, refresh, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        await host.PostAsync("/oauth/revoke", new Dictionary<string, string> { ["client_id"] = OAuthFlow.ClientId, ["token"] = access });
        await host.RefuseAsync(access, TokenError.Revoked);
        JsonElement second = await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(refresh));
        await host.PostAsync("/oauth/revoke", new Dictionary<string, string> { ["client_id"] = OAuthFlow.ClientId, ["token"] = second.GetProperty("refresh_token").GetString()! });
        await host.RefuseAsync(second.GetProperty("access_token").GetString()!, TokenError.Revoked);
        await host.PostAsync("/oauth/token", OAuthFlow.RefreshForm(second.GetProperty("refresh_token").GetString()!), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Person_let_in_again_gets_tokens_that_work()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        await host.Users.DisableAsync("alice", Stop);
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        await host.Users.EnableAsync("alice", Stop);
        var (access, _, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull");
        await host.AcceptAsync(access);
    }

    // What happens by itself begins in the background, some time after the start.
    private sealed class HalfSecondClock() : FakeTimeProvider(DateTimeOffset.UtcNow)
    {
        private readonly TaskCompletionSource _ticking = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ticking => _ticking.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            if (period == TimeSpan.FromMilliseconds(500))
            {
                _ticking.TrySetResult();
            }

            return timer;
        }
    }
}
