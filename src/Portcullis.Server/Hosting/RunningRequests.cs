namespace Portcullis.Server.Hosting;

/// <summary>Counts the requests that run, so that nothing they need is closed under them.</summary>
internal sealed class RunningRequests(TimeProvider timeProvider)
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(20);
    private int _count;

    /// <summary>Counts one request while the next in line handles it.</summary>
    public async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        Interlocked.Increment(ref _count);
        try
        {
            await next(context);
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    }

    /// <summary>Completes when none runs, or <paramref name="patience"/> is over.</summary>
    public async Task WaitForNoneAsync(TimeSpan patience)
    {
        var started = timeProvider.GetTimestamp();
        while (Volatile.Read(ref _count) > 0 && timeProvider.GetElapsedTime(started) < patience)
        {
            await Task.Delay(s_lookEvery, timeProvider);
        }
    }
}
