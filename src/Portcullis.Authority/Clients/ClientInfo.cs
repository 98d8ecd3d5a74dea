namespace Portcullis.Authority.Clients;

/// <summary>A program that may ask for tokens.</summary>
public sealed record ClientInfo
{
    /// <summary>The <c>client_id</c>. Clients and people share one set of names.</summary>
    public required string Id { get; init; }

    /// <summary>What the consent page calls it. Default: <see cref="Id"/>.</summary>
    public string? DisplayName { get; init; }

    /// <summary>How it may come to tokens.</summary>
    public required IReadOnlyList<ClientGrant> Grants { get; init; }

    /// <summary>
    /// Where people may be sent back to, compared exactly (RFC 9700 §2.1); only a loopback address may have any port (RFC 8252 §7.3).
    /// </summary>
    public IReadOnlyList<string> RedirectUris { get; init; } = [];

    /// <summary>Permissions that no token of this client exceeds, in the notation of scopes; null: as far as the policy goes.</summary>
    public IReadOnlyList<string>? Ceiling { get; init; }

    /// <summary>Life of its access tokens; null: the authority's own setting.</summary>
    public TimeSpan? AccessTokenLifetime { get; init; }

    /// <summary>The algorithm its tokens are signed with; null: the authority's own setting.</summary>
    public string? SigningAlgorithm { get; init; }

    /// <summary>The public keys with which it proves who it is (RFC 7523), as a JSON Web Key Set; null when it has a secret or nothing.</summary>
    public string? Jwks { get; init; }

    /// <summary>Whether it proves who it is, by a secret or a key. Programs on people's machines can't (RFC 8252 §8.4).</summary>
    public bool IsConfidential { get; init; }

    /// <summary>Whether it is part of this installation, so that people aren't asked for consent.</summary>
    public bool IsTrusted { get; init; }
}
