using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.Authority.Revocations;
using Portcullis.Tokens;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Authority;

public sealed class RevocationFeedTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_feed_names_what_was_revoked_by_digest_alone()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        using HttpClient client = host.CreateClient();
        await host.Revocations.RevokeTokenAsync("token-1", Stop);
        await host.Revocations.RevokeSubjectAsync("alice", Stop);
        using HttpResponseMessage response = await client.GetAsync(RevocationFeed.Path, Stop);
        Assert.Equal("no-cache", response.Headers.CacheControl!.ToString());
        var text = await response.Content.ReadAsStringAsync(Stop);
        Assert.DoesNotContain("alice", text, StringComparison.Ordinal);
        Assert.DoesNotContain("token-1", text, StringComparison.Ordinal);
        JsonElement root = JsonDocument.Parse(text).RootElement;
        Assert.Equal(AuthorityHost.PublicUrl, root.GetProperty("issuer").GetString());
        JsonElement[] entries = [.. root.GetProperty("revocations").EnumerateArray()];
        Assert.Equal(["subject", "token"], entries.Select(entry => entry.GetProperty("kind").GetString()));

        Assert.Equal(
            System.Buffers.Text.Base64Url.EncodeToString(System.Security.Cryptography.SHA256.HashData("subject:alice"u8)), entries[0].GetProperty("digest").GetString());
        Assert.Equal(host.Clock.GetUtcNow().ToUnixTimeSeconds(), entries[0].GetProperty("issued_before").GetInt64());
        Assert.False(entries[1].TryGetProperty("issued_before", out _));
        Assert.True(entries[1].GetProperty("expires_at").GetInt64() > host.Clock.GetUtcNow().ToUnixTimeSeconds());
    }

    [Fact]
    public async Task Who_has_it_already_is_answered_304_and_one_who_waits_as_soon_as_it_changes()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        using HttpClient client = host.CreateClient();
        using HttpResponseMessage first = await client.GetAsync(RevocationFeed.Path, Stop);
        EntityTagHeaderValue tag = first.Headers.ETag!;
        Assert.Equal(HttpStatusCode.NotModified, (await AskAsync(client, tag, null)).StatusCode);

        Task<HttpResponseMessage> waiting = AskAsync(client, tag, "wait=20");
        await HeldAsync(host, 1);
        Assert.False(waiting.IsCompleted);
        await host.Revocations.RevokeTokenAsync("token-1", Stop);
        using HttpResponseMessage changed = await waiting;
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.NotEqual(tag, changed.Headers.ETag);
        await HeldAsync(host, 0);
    }

    [Fact]
    public async Task A_wait_ends_when_its_time_is_over_and_never_lasts_longer_than_the_server_allows()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        using HttpClient client = host.CreateClient();
        using HttpResponseMessage first = await client.GetAsync(RevocationFeed.Path, Stop);
        foreach (var prefer in new[] { "wait=5", "respond-async, wait=5", "wait=999999", "wait=9999999999", "wait=-1", "wait=x" })
        {
            Task<HttpResponseMessage> waiting = AskAsync(client, first.Headers.ETag!, prefer);
            while (!waiting.IsCompleted)
            {
                // Less than the document is kept for, so that it is the same.
                host.Clock.Advance(TimeSpan.FromSeconds(RevocationFeedEndpoint.MaxWaitSeconds));
                await Task.Yield();
            }

            using HttpResponseMessage response = await waiting;
            Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
        }
    }

    [Fact]
    public async Task An_entry_that_has_met_its_last_token_leaves_the_feed()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        using HttpClient client = host.CreateClient();
        await host.Revocations.RevokeTokenAsync("token-1", Stop);
        Assert.Contains("digest", await client.GetStringAsync(RevocationFeed.Path, Stop), StringComparison.Ordinal);
        host.Clock.Advance(TimeSpan.FromHours(2));
        Assert.DoesNotContain("digest", await client.GetStringAsync(RevocationFeed.Path, Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_elsewhere_refuses_a_child_token_when_its_parent_is_revoked()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync("observers");
        var (access, _, _) = await OAuthFlow.SignInAsync(host, "git:acme/app:pull grafana:read");
        ValidatedToken parent = await host.AcceptAsync(access);
        var child = (await host.PostAsync("/oauth/token", TokenExchangeTests.Form(access, "grafana:read"))).GetProperty("access_token").GetString()!;

        await using var feed = new RevocationFeedClient(AuthorityHost.PublicUrl, host.Clock, null, host.CreateHandler());
        feed.Start();
        await feed.WhenAskedAsync(Stop);
        Assert.True(feed.IsCurrent);
        var service = new TokenValidator([parent.IssuerSettings], host.Clock, feed);
        ValidatedToken token = (await service.ValidateAsync(child, default, Stop)).Token!;
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable watch = feed.OnRevoked(token, told.SetResult);

        // Nobody moves the clock: what is revoked is known at once.
        await HeldAsync(host, 1);
        await host.Revocations.RevokeTokenAsync(parent.TokenId, Stop);
        await told.Task.WaitAsync(Stop);
        Assert.Equal(TokenError.Revoked, (await service.ValidateAsync(child, default, Stop)).Error);
        Assert.Equal(TokenError.Revoked, (await service.ValidateAsync(access, default, Stop)).Error);
    }

    private static async Task HeldAsync(AuthorityHost host, int count)
    {
        var endpoint = host.Services.GetRequiredService<RevocationFeedEndpoint>();
        while (endpoint.Waiting != count)
        {
            Stop.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, EntityTagHeaderValue tag, string? prefer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, RevocationFeed.Path);
        request.Headers.IfNoneMatch.Add(tag);
        if (prefer is not null)
        {
            request.Headers.TryAddWithoutValidation("Prefer", prefer);
        }

        return await client.SendAsync(request, Stop);
    }
}
