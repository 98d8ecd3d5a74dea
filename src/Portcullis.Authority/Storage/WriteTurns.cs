namespace Portcullis.Authority.Storage;

/// <summary>
/// SQLite has one writer at a time, and who finds the file busy sleeps 150 ms before it looks again. Within a process there is a better way to take turns: a queue.
/// PostgreSQL needs none.
/// </summary>
internal sealed class WriteTurns(AuthorityOptions options) : IDisposable
{
    // As long as a connection waits for SQLite's own lock: whoever waits longer for a token is better served by a 503.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim? _turn = DatabaseProvider.IsPostgreSql(options.EffectiveDatabase) ? null : new SemaphoreSlim(1, 1);

    /// <exception cref="AuthorityBusyException">It took too long.</exception>
    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        if (_turn is not null && !await _turn.WaitAsync(s_patience, cancellationToken))
        {
            throw new AuthorityBusyException();
        }
    }

    public void Leave() => _turn?.Release();

    public void Dispose() => _turn?.Dispose();
}

/// <summary>Too many wait to write; answered as a database that is away.</summary>
internal sealed class AuthorityBusyException() : System.Data.Common.DbException("Too many requests wait to write to the database.");
