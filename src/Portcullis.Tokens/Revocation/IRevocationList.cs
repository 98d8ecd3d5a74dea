namespace Portcullis.Tokens.Revocation;

/// <summary>What has been taken back before its time.</summary>
public interface IRevocationList
{
    /// <summary>Whether the token, its session, subject, actor, client or key has been revoked. Asked on every request, cached tokens included: must be quick.</summary>
    bool IsRevoked(ValidatedToken token);

    /// <summary>
    /// Calls <paramref name="revoked"/> once when <paramref name="token"/> is revoked, at once if it already is: so that a running transfer can be cut. The call comes on the thread that
    /// revokes and must return quickly. Dispose of the result when the transfer has ended.
    /// </summary>
    IDisposable OnRevoked(ValidatedToken token, Action revoked);
}
