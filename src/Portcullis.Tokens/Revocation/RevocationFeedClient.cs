using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Tokens.Revocation;

/// <summary>
/// The revocations of an authority elsewhere, read from its feed: one request stands open and is answered when something is taken back, so that it holds here a moment later. Whoever uses
/// it asks <see cref="IsCurrent"/> before believing that a token is not revoked. Safe to use from many threads.
/// </summary>
public sealed class RevocationFeedClient : IRevocationList, IAsyncDisposable
{
    private static readonly SocketsHttpHandler s_handler = new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        MaxResponseHeadersLength = 32,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    private readonly string _issuer;
    private readonly Uri _uri;
    private readonly TimeProvider _time;
    private readonly RevocationFeedOptions _options;
    private readonly HttpMessageInvoker _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _firstAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<Watch, byte> _watches = new();
    private readonly Lock _gate = new();
    private volatile State _state = new(RevocationSnapshot.Empty, 0, DateTimeOffset.MinValue, null, "The revocation feed has not been read yet.");
    private Task? _loop;

    /// <summary>Creates a client; <see cref="Start"/> begins to read.</summary>
    /// <param name="issuer">The authority, exactly as its tokens have it in <c>iss</c>: an https address, or http on a loopback address.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Bounds; <see langword="null"/>: the defaults.</param>
    /// <param name="handler">What sends the requests; it must not follow redirects. <see langword="null"/>: a shared one. Not disposed.</param>
    /// <exception cref="ArgumentException">The address is not one that a feed may come from.</exception>
    public RevocationFeedClient(string issuer, TimeProvider time, RevocationFeedOptions? options = null, HttpMessageHandler? handler = null)
    {
        if (!Uri.TryCreate(issuer.TrimEnd('/') + RevocationFeed.Path, UriKind.Absolute, out Uri? uri) || !IssuerHttpClient.IsAcceptable(uri))
        {
            throw new ArgumentException("A revocation feed is read over https only, or http on a loopback address.", nameof(issuer));
        }

        _issuer = issuer;
        _uri = uri;
        _time = time;
        _options = options ?? new RevocationFeedOptions();
        _http = new HttpMessageInvoker(handler ?? s_handler, disposeHandler: false);
    }

    /// <summary>Whether the feed was read recently enough to say that something is not revoked (<see cref="RevocationFeedOptions.MaximumAge"/>).</summary>
    public bool IsCurrent => _time.GetUtcNow() - _state.ReadAt <= _options.MaximumAge;

    /// <summary>What last went wrong, for the operator; null while all is well.</summary>
    public string? Problem => _state.Problem;

    /// <summary>How many entries were read last.</summary>
    public int Count => _state.Snapshot.Count;

    /// <inheritdoc/>
    public long? Version => _state.Version;

    /// <summary>Begins to read, once.</summary>
    public void Start()
    {
        lock (_gate)
        {
            _loop ??= Task.Run(RunAsync);
        }
    }

    /// <summary>Completes when the feed was read for the first time, or asking for it failed.</summary>
    public Task WhenAskedAsync(CancellationToken cancellationToken) => _firstAnswer.Task.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public bool IsRevoked(ValidatedToken token) => _state.Snapshot.Meets(token, _time.GetUtcNow());

    /// <inheritdoc/>
    public IDisposable OnRevoked(ValidatedToken token, Action revoked)
    {
        var watch = new Watch(this, token, revoked);
        _watches[watch] = 0;
        watch.Check();
        return watch;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_loop is { } loop)
        {
            await loop;
        }

        _stop.Dispose();
        _http.Dispose();
    }

    private async Task RunAsync()
    {
        TimeSpan pause = _options.FirstPause;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ReadAsync();
                pause = _options.FirstPause;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or FetchException or ObjectDisposedException)
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                _state = _state with { Problem = exception is FetchException ? exception.Message : $"The revocation feed at {_uri} does not answer." };
                _firstAnswer.TrySetResult();
                try
                {
                    await Task.Delay(pause, _time, _stop.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }

                pause = pause * 2 < _options.LongestPause ? pause * 2 : _options.LongestPause;
            }

            _firstAnswer.TrySetResult();
        }
    }

    private async Task ReadAsync()
    {
        State before = _state;
        using var request = new HttpRequestMessage(HttpMethod.Get, _uri);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(RevocationFeed.ContentType));
        if (before.Tag is not null)
        {
            request.Headers.IfNoneMatch.Add(before.Tag);
            request.Headers.TryAddWithoutValidation("Prefer", string.Create(CultureInfo.InvariantCulture, $"wait={(int)_options.Wait.TotalSeconds}"));
        }

        using var limit = new CancellationTokenSource(_options.Wait + _options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
        using HttpResponseMessage response = await _http.SendAsync(request, either.Token);
        if (response.StatusCode == HttpStatusCode.NotModified && before.Tag is not null)
        {
            _state = before with { ReadAt = _time.GetUtcNow(), Problem = null };

            // One that is too busy to let us wait says so: asked again at once, it would only be busier.
            if (response.Headers.RetryAfter?.Delta is { } rest)
            {
                await Task.Delay(rest < _options.LongestPause ? rest : _options.LongestPause, _time, _stop.Token);
            }

            return;
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new FetchException($"The revocation feed at {_uri} answered {(int)response.StatusCode}.");
        }

        byte[] content = await ReadBoundedAsync(response, either.Token);
        RevocationSnapshot snapshot = RevocationFeed.Read(content, _issuer, out var problem)
            ?? throw new FetchException($"The revocation feed at {_uri} can't be used: {problem}.");
        _state = new State(snapshot, before.Version + 1, _time.GetUtcNow(), response.Headers.ETag, null);
        foreach (Watch watch in _watches.Keys)
        {
            watch.Check();
        }

        // A server that names no version can't tell us when there is a new one.
        if (response.Headers.ETag is null)
        {
            await Task.Delay(_options.LongestPause, _time, _stop.Token);
        }
    }

    private async Task<byte[]> ReadBoundedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var content = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (content.Length + read > RevocationFeed.MaximumBytes)
            {
                throw new FetchException($"The revocation feed at {_uri} is too large.");
            }

            content.Write(buffer, 0, read);
        }

        return content.ToArray();
    }

    private sealed record State(RevocationSnapshot Snapshot, long Version, DateTimeOffset ReadAt, EntityTagHeaderValue? Tag, string? Problem);

    private sealed class Watch(RevocationFeedClient client, ValidatedToken token, Action revoked) : IDisposable
    {
        private int _called;

        public void Check()
        {
            if (client.IsRevoked(token) && Interlocked.Exchange(ref _called, 1) == 0)
            {
                client._watches.TryRemove(this, out _);
                revoked();
            }
        }

        public void Dispose()
        {
            Volatile.Write(ref _called, 1);
            client._watches.TryRemove(this, out _);
        }
    }
}
