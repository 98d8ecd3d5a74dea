namespace Portcullis.AspNetCore.Credentials;

/// <summary>What the <c>Authorization</c> header held.</summary>
public readonly record struct CredentialResult
{
    /// <summary>Nothing that is a credential.</summary>
    public static CredentialResult Missing => default;

    /// <summary>The token, unchecked. It is never written anywhere.</summary>
    public string? Token { get; private init; }

    /// <summary>The user name that came with it: for the record, never trusted.</summary>
    public string? UserName { get; private init; }

    /// <summary>Why the header can't be read, in one sentence.</summary>
    public string? Problem { get; private init; }

    /// <summary>A token.</summary>
    public static CredentialResult Of(string token, string? userName) => new() { Token = token, UserName = userName };

    /// <summary>A header that can't be read.</summary>
    public static CredentialResult Malformed(string problem) => new() { Problem = problem };

    /// <summary>Never shows the token.</summary>
    public override string ToString() => Problem ?? (Token is null ? "no credential" : "a credential");
}
