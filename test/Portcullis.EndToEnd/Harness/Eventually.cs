namespace Portcullis.EndToEnd.Harness;

/// <summary>
/// Waits for what comes about by itself, a moment later. The limit is only for what never does: on a machine that does much else at the same time, a moment can be long.
/// </summary>
public static class Eventually
{
    /// <summary>How long anything is waited for. Nothing is claimed by it.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(2);

    /// <summary>Completes when it is so.</summary>
    /// <param name="isSo">Looked at again and again.</param>
    /// <param name="otherwise">Says what has not come about.</param>
    public static Task UntilAsync(Func<bool> isSo, Func<string> otherwise) => UntilAsync(() => Task.FromResult(isSo()), otherwise);

    /// <inheritdoc cref="UntilAsync(Func{bool}, Func{string})"/>
    public static async Task UntilAsync(Func<Task<bool>> isSo, Func<string> otherwise)
    {
        for (var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds; !await isSo();)
        {
            if (Environment.TickCount64 >= deadline)
            {
                Assert.Fail(otherwise());
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
