namespace Portcullis.Tokens.Revocation;

/// <summary>What has been taken back before its time.</summary>
public interface IRevocationList
{
    /// <summary>
    /// Another number after each thing that is taken back. A token that was not revoked when this was read isn't until it changes: whoever remembers both needn't ask again.
    /// </summary>
    long Version { get; }

    /// <summary>Whether the token, its session, subject, actor, client or key has been revoked. </summary>
    bool IsRevoked(ValidatedToken token);

    /// <summary>
    /// Calls <paramref name="revoked"/> once when <paramref name="token"/> is revoked, at once if it already is: so that a running transfer can be cut. The call comes on the thread that
    /// revokes and must return quickly. Dispose of the result when the transfer has ended.
    /// </summary>
    IDisposable OnRevoked(ValidatedToken token, Action revoked);
}
