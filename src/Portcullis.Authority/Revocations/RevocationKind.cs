namespace Portcullis.Authority.Revocations;

/// <summary>What a revocation names.</summary>
public enum RevocationKind
{
    /// <summary>One token, by its <c>jti</c>; tokens made from it by exchange go with it.</summary>
    TokenId = 1,

    /// <summary>One login, by its <c>sid</c>: every token that came of it.</summary>
    Session = 2,

    /// <summary>Every token of one subject issued so far.</summary>
    Subject = 3,

    /// <summary>Every token issued to one client so far.</summary>
    Client = 4,

    /// <summary>Everything one key signed.</summary>
    Key = 5,
}
