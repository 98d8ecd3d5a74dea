using Microsoft.EntityFrameworkCore.Storage;
using OpenIddict.Server;
using Portcullis.Authority.Storage;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Portcullis.Authority.OAuth;

/// <summary>
/// Everything that answering a code or a refresh token writes (the token that is used up, its successor, the session) becomes true at once, before the client hears of it: otherwise a client that is
/// quick could come with a token that is not there yet, and each write would wait for the disk by itself.
/// </summary>
internal sealed class GrantTransaction(AuthorityDbContext database, WriteTurns turns) : IAsyncDisposable
{
    private IDbContextTransaction? _transaction;
    private Action? _granted;

    /// <summary>Whether it has begun, and what is written waits for its end.</summary>
    public bool IsRunning => _transaction is not null;

    /// <summary>Begins. What the request reads and writes from here on must go through its own <see cref="AuthorityDbContext"/>: SQLite has one writer.</summary>
    /// <param name="granted">What else is to be written if tokens are given.</param>
    /// <param name="cancellationToken">Gives up waiting for a turn.</param>
    public async Task BeginAsync(Action granted, CancellationToken cancellationToken)
    {
        await turns.EnterAsync(cancellationToken);
        try
        {
            // Nothing here goes on after a statement that failed, so nothing needs a point to go back to; a row that changed meanwhile is no failed statement.
            database.Database.AutoSavepointsEnabled = false;
            _transaction = await database.Database.BeginTransactionAsync(cancellationToken);
            _granted = granted;
        }
        catch
        {
            turns.Leave();
            throw;
        }
    }

    /// <summary>Makes it true. A refusal does, too: a code that was shown is used up.</summary>
    public async Task CompleteAsync(bool isGranted, CancellationToken cancellationToken)
    {
        if (_transaction is null)
        {
            return;
        }

        if (isGranted)
        {
            _granted!();
            await database.SaveChangesAsync(cancellationToken);
        }

        await _transaction.CommitAsync(cancellationToken);
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_transaction is { } transaction)
        {
            _transaction = null;
            try
            {
                await transaction.DisposeAsync();
            }
            finally
            {
                turns.Leave();
            }
        }
    }
}

/// <summary>Completes a <see cref="GrantTransaction"/> when it is known what the answer is, and before a byte of it is sent.</summary>
internal sealed class CompleteGrantTransaction(GrantTransaction transaction) : IOpenIddictServerHandler<ApplyTokenResponseContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } = OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyTokenResponseContext>()
        .UseScopedHandler<CompleteGrantTransaction>()
        .SetOrder(int.MinValue + 40_000)
        .Build();

    public ValueTask HandleAsync(ApplyTokenResponseContext context) => new(transaction.CompleteAsync(context.Error is null, context.CancellationToken));
}
