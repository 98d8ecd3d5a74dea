namespace Portcullis.Authority.ExternalSignIn;

/// <summary>An OpenID provider that people may sign in with, such as the company's own.</summary>
public sealed record ExternalProvider
{
    /// <summary>A short name for addresses and records: letters, digits and dashes.</summary>
    public required string Name { get; init; }

    /// <summary>What the button says. Default: <see cref="Name"/>.</summary>
    public string? DisplayName { get; init; }

    /// <summary>The provider's issuer; its metadata is found below it (OpenID Connect Discovery §4).</summary>
    public required string Issuer { get; init; }

    /// <summary>The <c>client_id</c> it knows us by.</summary>
    public required string ClientId { get; init; }

    /// <summary>A file that holds the client secret; null for a client without one (PKCE is used either way).</summary>
    public string? ClientSecretFile { get; init; }

    /// <summary>What is asked for. Default: <c>openid profile email</c>.</summary>
    public string Scope { get; init; } = "openid profile email";

    /// <summary>The claim that becomes the user name here, the first time someone signs in. Default: <c>preferred_username</c>.</summary>
    public string NameClaim { get; init; } = "preferred_username";

    /// <summary>The claim that lists the person's groups. Default: <c>groups</c>.</summary>
    public string GroupsClaim { get; init; } = "groups";

    /// <summary>From a value of <see cref="GroupsClaim"/> to the name of a group here. Values that are not listed count for nothing.</summary>
    public IReadOnlyDictionary<string, string> Groups { get; init; } = new Dictionary<string, string>();

    /// <summary>Values of <see cref="GroupsClaim"/>: who has one, exactly, is an administrator here, from the sign-in that says so to the next one that does not.</summary>
    public IReadOnlyList<string> Administrators { get; init; } = [];

    /// <summary>Whether a person who was never here gets an account by signing in. Default: true.</summary>
    public bool CreateAccounts { get; init; } = true;
}
