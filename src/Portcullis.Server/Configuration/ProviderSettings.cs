using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>An OpenID provider that people may sign in with, such as the company's own.</summary>
internal sealed record ProviderSettings
{
    /// <summary>A short name for addresses and records: letters, digits and dashes.</summary>
    public required string Name { get; init; }

    /// <summary>What the button says.</summary>
    [DefaultText("`name`")]
    public string? DisplayName { get; init; }

    /// <summary>The provider's issuer; its metadata is found below it.</summary>
    public required string Issuer { get; init; }

    /// <summary>The <c>client_id</c> that it knows us by.</summary>
    public required string ClientId { get; init; }

    /// <summary>A file that holds the client secret, for a client that has one.</summary>
    [FilePath(MustExist = true)]
    public string? ClientSecretFile { get; init; }

    /// <summary>What is asked for.</summary>
    public string Scope { get; init; } = "openid profile email";

    /// <summary>The claim that becomes the user's name here, at the first sign-in.</summary>
    public string NameClaim { get; init; } = "preferred_username";

    /// <summary>The claim that lists the person's groups.</summary>
    public string GroupsClaim { get; init; } = "groups";

    /// <summary>From a value of that claim to the name of a group here. Values that are not listed count for nothing.</summary>
    public IReadOnlyDictionary<string, string> Groups { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Values of that claim: who has one is an administrator here, from the sign-in that says so to the next one that does not. Compared exactly, and with nothing else: groups and names of people here don't count.
    /// </summary>
    public IReadOnlyList<string> Administrators { get; init; } = [];

    /// <summary>Whether a person who was never here gets an account by signing in.</summary>
    public bool CreateAccounts { get; init; } = true;
}
