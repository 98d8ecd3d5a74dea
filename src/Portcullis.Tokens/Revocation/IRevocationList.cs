namespace Portcullis.Tokens.Revocation;

/// <summary>What has been taken back before its time.</summary>
public interface IRevocationList
{
    /// <summary>
    /// Another number after each thing that is taken back, once it can be seen. A token that was found unrevoked after this was read stays so until it changes: whoever remembers both needn't ask
    /// again. <see langword="null"/>, the default: ask every time.
    /// </summary>
    long? Version => null;

    /// <summary>Whether the token, its session, subject, actor, client or key has been revoked. </summary>
    bool IsRevoked(ValidatedToken token);

    /// <summary>
    /// Calls <paramref name="revoked"/> once when <paramref name="token"/> is revoked, at once if it already is: so that a running transfer can be cut. The call comes on the thread that
    /// revokes and must return quickly. Dispose of the result when the transfer has ended.
    /// </summary>
    IDisposable OnRevoked(ValidatedToken token, Action revoked);
}
