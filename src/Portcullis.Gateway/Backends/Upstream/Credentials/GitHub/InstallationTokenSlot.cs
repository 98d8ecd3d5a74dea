namespace Portcullis.Gateway.Backends.Upstream.Credentials.GitHub;

/// <summary>
/// The token for one repository and one kind of access: made once however many wait for it, made anew in the background before its end, and after a failure
/// not asked for again at once, so that a GitHub that is down is not called by every request.
/// </summary>
/// <param name="create">Makes a token; fails with an <see cref="UpstreamCredentialException"/> alone.</param>
/// <param name="time">The clock.</param>
internal sealed class InstallationTokenSlot(Func<CancellationToken, Task<InstallationToken>> create, TimeProvider time)
{
    // GitHub's servers do not all know a new token at once.
    private static readonly TimeSpan KnownEverywhereAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseForNewToken = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastBetweenReplacements = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private InstallationToken? token;
    private Task<InstallationToken>? flight;
    private UpstreamCredentialException? failure;
    private DateTimeOffset retryFrom = DateTimeOffset.MinValue;
    private TimeSpan pause = FirstPause;
    private DateTimeOffset replacedAt = DateTimeOffset.MinValue;

    /// <summary>Whether nothing is lost when it is forgotten.</summary>
    public bool IsIdle
    {
        get
        {
            lock (gate)
            {
                var now = time.GetUtcNow();
                return flight is null && now >= retryFrom && (token is null || now >= token.UsableUntil);
            }
        }
    }

    /// <summary>The token.</summary>
    public async ValueTask<InstallationToken> GetAsync(CancellationToken cancellationToken)
    {
        Task<InstallationToken> waitFor;
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (token is { } held && now < held.UsableUntil)
            {
                if (now >= held.RefreshFrom && now >= retryFrom)
                {
                    flight ??= Start();
                }

                return held;
            }

            waitFor = StartUnlessFailed(now);
        }

        return await waitFor.WaitAsync(cancellationToken);
    }

    /// <summary>Another token than one that GitHub did not take, or the same if it is so new that not every server may know it yet; null if there is no point in either.</summary>
    public async ValueTask<InstallationToken?> ReplaceAsync(string rejected, CancellationToken cancellationToken)
    {
        Task<InstallationToken>? waitFor = null;
        InstallationToken? same = null;
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (token is { } held && held.Value != rejected)
            {
                return held;
            }

            if (token is { } young && now - young.MadeAt < KnownEverywhereAfter)
            {
                same = young;
            }
            else if (now - replacedAt < LeastBetweenReplacements)
            {
                return null;
            }
            else
            {
                token = null;
                replacedAt = now;
                waitFor = StartUnlessFailed(now);
            }
        }

        if (waitFor is not null)
        {
            return await waitFor.WaitAsync(cancellationToken);
        }

        await Task.Delay(PauseForNewToken, time, cancellationToken);
        return same;
    }

    private Task<InstallationToken> StartUnlessFailed(DateTimeOffset now)
    {
        if (flight is null && failure is not null && now < retryFrom)
        {
            return Task.FromException<InstallationToken>(failure);
        }

        return flight ??= Start();
    }

    // Called with the lock held. No caller's cancellation ends it for the others.
    private Task<InstallationToken> Start()
    {
        var started = Task.Run(CreateAsync, CancellationToken.None);

        // One in the background may have nobody who looks at how it ended; the log has it.
        _ = started.ContinueWith(static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return started;
    }

    private async Task<InstallationToken> CreateAsync()
    {
        try
        {
            var made = await create(CancellationToken.None);
            lock (gate)
            {
                (token, flight, failure, pause) = (made, null, null, FirstPause);
                retryFrom = DateTimeOffset.MinValue;
            }

            return made;
        }
        catch (Exception exception)
        {
            var known = exception as UpstreamCredentialException ?? new UpstreamCredentialException($"The token could not be made: {exception.GetType().Name}.");
            lock (gate)
            {
                failure = known;
                retryFrom = time.GetUtcNow() + pause;
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                flight = null;
            }

            throw known;
        }
    }
}
