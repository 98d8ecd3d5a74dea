namespace Portcullis.Tokens.Derivation;

/// <summary>What a derived token is to open.</summary>
public sealed record DerivedTokenRequest
{
    /// <summary>The access token that it stands on: what takes that one back takes this one back.</summary>
    public required ValidatedToken Parent { get; init; }

    /// <summary>The one address that it is for, in full. It is compared character by character.</summary>
    public required string Audience { get; init; }

    /// <summary>What may be done there, in a word or two that the validating side understands.</summary>
    public required string Purpose { get; init; }

    /// <summary>The permissions, space-separated. They must not exceed those of the parent, which this library can't tell.</summary>
    public required string Scope { get; init; }

    /// <summary>How long it lives, in whole seconds. It may outlive its parent; that is what it is for.</summary>
    public required TimeSpan Lifetime { get; init; }
}
