using System.Net;
using Microsoft.Extensions.Time.Testing;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Tokens;

public sealed class HttpKeySetSourceTests : IDisposable
{
    private static readonly SigningKey s_first = SigningKey.Create();
    private static readonly SigningKey s_second = SigningKey.Create();

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero));
    private readonly ScriptedServer _server = new();
    private readonly HttpKeySetSource _source;

    public HttpKeySetSourceTests()
    {
        _server.Pages["/keys"] = _ => ScriptedServer.Ok(ScriptedServer.Jwks(s_first), ("Cache-Control", "max-age=600"));
        _source = new HttpKeySetSource(new Uri("https://idp.example/keys"), _time, handler: _server);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Is_fetched_once_and_kept_as_long_as_the_server_says()
    {
        KeySet? keys = await GetAsync();
        Assert.Equal([s_first.KeyId!], keys!.KeyIds);

        _time.Advance(TimeSpan.FromSeconds(479));
        Assert.Same(keys, await GetAsync());
        Assert.Single(_server.Requests);

        _time.Advance(TimeSpan.FromSeconds(122));
        Assert.Same(keys, await GetAsync());
        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task Is_renewed_in_the_background_before_its_time_is_over()
    {
        KeySet? keys = await GetAsync();
        _time.Advance(TimeSpan.FromSeconds(481));
        _server.Gate = new TaskCompletionSource();

        ValueTask<KeySet?> during = _source.GetAsync(Cancel);

        Assert.True(during.IsCompletedSuccessfully);
        Assert.Same(keys, await during);
        _server.Gate.SetResult();
    }

    [Theory]
    [InlineData("Cache-Control", "max-age=600", "Age", "500", 100)]
    [InlineData("Cache-Control", "max-age=1", null, null, 60)]
    [InlineData("Cache-Control", "no-store", null, null, 60)]
    [InlineData("Cache-Control", "no-cache, max-age=600", null, null, 60)]
    [InlineData("Cache-Control", "max-age=31536000", null, null, 86400)]
    [InlineData("Expires", "Tue, 06 May 2031 07:18:09 GMT", "Date", "Tue, 06 May 2031 07:08:09 GMT", 600)]
    [InlineData("Expires", "0", null, null, 60)]
    [InlineData(null, null, null, null, 3600)]
    public async Task Follows_the_headers_within_bounds(string? name, string? value, string? otherName, string? otherValue, int seconds)
    {
        (string, string)[] headers = [.. new[] { (name, value), (otherName, otherValue) }.Where(h => h.Item1 is not null).Select(h => (h.Item1!, h.Item2!))];
        _server.Pages["/keys"] = _ => ScriptedServer.Ok(ScriptedServer.Jwks(s_first), headers);
        await GetAsync();

        _time.Advance(TimeSpan.FromSeconds((seconds * 0.8) - 1));
        await GetAsync();
        Assert.Single(_server.Requests);
        _time.Advance(TimeSpan.FromSeconds((seconds * 0.2) + 1));
        await GetAsync();

        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task Asks_conditionally_and_keeps_the_same_object_when_nothing_has_changed()
    {
        _server.Pages["/keys"] = request => request.Headers.IfNoneMatch.Count > 0
            ? new HttpResponseMessage(HttpStatusCode.NotModified)
            : ScriptedServer.Ok(ScriptedServer.Jwks(s_first), ("ETag", "\"v1\""), ("Cache-Control", "max-age=600"));
        KeySet? keys = await GetAsync();

        _time.Advance(TimeSpan.FromMinutes(61));

        Assert.Same(keys, await GetAsync());
        Assert.Equal([null, "\"v1\""], _server.Requests.Select(r => r.Condition));
    }

    [Fact]
    public async Task Is_fetched_once_however_many_wait()
    {
        _server.Gate = new TaskCompletionSource();
        Task<KeySet?>[] waiting = [.. Enumerable.Range(0, 50).Select(_ => _source.GetAsync(Cancel).AsTask())];

        _server.Gate.SetResult();
        KeySet?[] sets = await Task.WhenAll(waiting);

        Assert.Single(_server.Requests);
        Assert.All(sets, set => Assert.Same(sets[0], set));
        Assert.NotNull(sets[0]);
    }

    [Fact]
    public async Task One_caller_giving_up_does_not_end_the_fetch_for_the_others()
    {
        _server.Gate = new TaskCompletionSource();
        using var impatient = new CancellationTokenSource();
        Task<KeySet?> first = _source.GetAsync(impatient.Token).AsTask();
        Task<KeySet?> second = _source.GetAsync(Cancel).AsTask();

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _server.Gate.SetResult();

        Assert.NotNull(await second);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task The_last_good_set_stays_while_the_issuer_is_away_but_not_for_ever()
    {
        KeySet? keys = await GetAsync();
        _server.IsAway = true;

        _time.Advance(TimeSpan.FromMinutes(11));
        Assert.Same(keys, await GetAsync());
        Assert.Contains("could not be fetched", _source.Status.Problem, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Same(keys, await GetAsync());
        _time.Advance(TimeSpan.FromDays(2));
        Assert.Null(await GetAsync());

        _server.IsAway = false;
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.NotNull(await GetAsync());
        Assert.Null(_source.Status.Problem);
    }

    [Fact]
    public async Task An_issuer_that_is_away_is_not_asked_on_every_request()
    {
        await GetAsync();
        _server.IsAway = true;
        _time.Advance(TimeSpan.FromMinutes(11));

        for (int i = 0; i < 100; i++)
        {
            await GetAsync();
            await _source.RefreshForUnknownKeyAsync("x", Cancel);
        }

        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task An_issuer_that_hangs_holds_nobody_up_for_long()
    {
        KeySet? keys = await GetAsync();
        _server.Gate = new TaskCompletionSource();
        _time.Advance(TimeSpan.FromMinutes(11));

        Task<KeySet?> waiting = _source.GetAsync(Cancel).AsTask();
        Assert.False(waiting.IsCompleted);
        await AdvanceUntilAsync(waiting, TimeSpan.FromSeconds(2.1));

        Assert.Same(keys, await waiting);
    }

    [Fact]
    public async Task A_fetch_without_end_is_given_up()
    {
        _server.Gate = new TaskCompletionSource();
        Task<KeySet?> waiting = _source.GetAsync(Cancel).AsTask();

        await AdvanceUntilAsync(waiting, TimeSpan.FromSeconds(10.1));

        Assert.Null(await waiting);
        Assert.Contains("did not answer within 10 seconds", _source.Status.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_key_makes_it_look_once_in_thirty_seconds()
    {
        KeySet? before = await GetAsync();
        for (int i = 0; i < 1000; i++)
        {
            Assert.Same(before, await _source.RefreshForUnknownKeyAsync($"unknown-{i}", Cancel));
        }

        Assert.Equal(2, _server.Requests.Count);
        _server.Pages["/keys"] = _ => ScriptedServer.Ok(ScriptedServer.Jwks(s_first, s_second));
        _time.Advance(TimeSpan.FromSeconds(31));

        KeySet? after = await _source.RefreshForUnknownKeyAsync(s_second.KeyId, Cancel);

        Assert.Equal([s_first.KeyId!, s_second.KeyId!], after!.KeyIds);
        Assert.Equal(3, _server.Requests.Count);
        Assert.Same(after, await GetAsync());
    }

    [Fact]
    public async Task All_who_wait_for_a_new_key_share_one_look()
    {
        await GetAsync();
        _server.Pages["/keys"] = _ => ScriptedServer.Ok(ScriptedServer.Jwks(s_first, s_second));
        _server.Gate = new TaskCompletionSource();

        Task<KeySet?>[] waiting = [.. Enumerable.Range(0, 20).Select(_ => _source.RefreshForUnknownKeyAsync(s_second.KeyId, Cancel).AsTask())];
        _server.Gate.SetResult();

        Assert.All(await Task.WhenAll(waiting), set => Assert.Contains(s_second.KeyId!, set!.KeyIds));
        Assert.Equal(2, _server.Requests.Count);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":[],"keys":[]}""")]
    [InlineData("""{"keys":[{"kty":"oct","k":"AAAA"}]}""")]
    public async Task Rejects_a_document_that_gives_no_keys_and_keeps_the_last_good_set(string body)
    {
        KeySet? keys = await GetAsync();
        _server.Pages["/keys"] = _ => ScriptedServer.Ok(body);
        _time.Advance(TimeSpan.FromMinutes(11));

        Assert.Same(keys, await GetAsync());
        Assert.NotNull(_source.Status.Problem);
    }

    [Fact]
    public async Task Rejects_a_document_without_end()
    {
        _server.Pages["/keys"] = _ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new EndlessStream()) };

        Assert.Null(await GetAsync());
        Assert.Contains("more than 512 KiB", _source.Status.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://mallory.example/keys")]
    [InlineData("http://idp.example/keys")]
    [InlineData("https://idp.example:8443/keys")]
    [InlineData("https://user@idp.example/keys")]
    [InlineData("//mallory.example/keys")]
    [InlineData("file:///etc/passwd")]
    public async Task Does_not_follow_a_redirect_to_another_origin(string location)
    {
        _server.Pages["/keys"] = _ => Redirect(location);

        Assert.Null(await GetAsync());
        Assert.Single(_server.Requests);
        Assert.Contains("another origin", _source.Status.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follows_a_few_redirects_within_the_origin()
    {
        _server.Pages["/moved"] = _server.Pages["/keys"];
        _server.Pages["/keys"] = _ => Redirect("/moved");
        Assert.NotNull(await GetAsync());

        using var loop = new ScriptedServer();
        loop.Pages["/keys"] = _ => Redirect("/keys");
        var source = new HttpKeySetSource(new Uri("https://idp.example/keys"), _time, handler: loop);
        Assert.Null(await source.GetAsync(Cancel));
        Assert.Equal(4, loop.Requests.Count);
    }

    [Theory]
    [InlineData("http://idp.example/keys")]
    [InlineData("ftp://idp.example/keys")]
    [InlineData("file:///keys")]
    [InlineData("https://user:password@idp.example/keys")]
    public void Rejects_an_address_that_keys_may_not_come_from(string address) =>
        Assert.Throws<ArgumentException>(() => new HttpKeySetSource(new Uri(address), _time));

    [Fact]
    public void Accepts_plain_http_on_a_loopback_address_only() => _ = new HttpKeySetSource(new Uri("http://127.0.0.1:1/keys"), _time);

    private static HttpResponseMessage Redirect(string location)
    {
        var response = new HttpResponseMessage(HttpStatusCode.Found);
        response.Headers.TryAddWithoutValidation("Location", location);
        return response;
    }

    // Background work runs on the thread pool: the clock moves on once it has set its timer.
    private async Task AdvanceUntilAsync(Task task, TimeSpan step)
    {
        while (!task.IsCompleted)
        {
            _time.Advance(step);
            await Task.WhenAny(task, Task.Delay(5, Cancel));
        }
    }

    private async Task<KeySet?> GetAsync()
    {
        KeySet? keys = await _source.GetAsync(Cancel);
        return keys;
    }

    private sealed class EndlessStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)' ');
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
