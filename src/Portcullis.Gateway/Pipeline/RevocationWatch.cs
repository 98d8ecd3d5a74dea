using Portcullis.Gateway.Auditing;
using Portcullis.Tokens;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Gateway.Pipeline;

/// <summary>Ends a request when what it stands on is revoked while it runs. What began with a valid token may end after it has expired, but not after that.</summary>
internal sealed class RevocationWatch : IDisposable
{
    private readonly CancellationTokenSource _ending;
    private readonly IDisposable _revocation;

    /// <summary>Begins to watch.</summary>
    /// <param name="revocations">What was revoked.</param>
    /// <param name="token">What the request stands on.</param>
    /// <param name="trail">The request's trail, which says what ended it.</param>
    /// <param name="aborted">Cancelled when the client leaves.</param>
    public RevocationWatch(IRevocationList revocations, ValidatedToken token, RequestTrail trail, CancellationToken aborted)
    {
        _ending = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        _revocation = revocations.OnRevoked(token, () =>
        {
            // First: to be cancelled while it sends makes the server abort the connection, which then looks as if the client had gone.
            trail.IsRevoked = true;
            _ending.Cancel();
        });
    }

    /// <summary>Cancelled when the client leaves, or the token is revoked.</summary>
    public CancellationToken Ended => _ending.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _revocation.Dispose();
        _ending.Dispose();
    }
}
