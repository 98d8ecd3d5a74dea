namespace Portcullis.Tokens.Revocation;

/// <summary>What a revocation names.</summary>
public enum RevocationKind
{
    /// <summary>One token, by <c>jti</c>.</summary>
    Token,

    /// <summary>All tokens of one login, by <c>sid</c>.</summary>
    Session,

    /// <summary>All tokens of a subject (<c>sub</c>), and those with which it acts for others (<c>act</c>).</summary>
    Subject,

    /// <summary>All tokens of a client, by <c>client_id</c>.</summary>
    Client,

    /// <summary>All tokens that a key has signed.</summary>
    Key,
}
