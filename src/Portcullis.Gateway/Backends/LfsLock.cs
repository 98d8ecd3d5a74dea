namespace Portcullis.Gateway.Backends;

/// <summary>A lock on a file, held by one subject.</summary>
internal sealed record LfsLock
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The file, relative to the root of the working tree.</summary>
    public required string Path { get; init; }

    /// <summary>The ref that it was made for; null where the client named none.</summary>
    public string? Reference { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset LockedAt { get; init; }

    /// <summary>Whose it is: the subject of the token that it was made with.</summary>
    public required string Owner { get; init; }

    /// <summary>The issuer of that token: the same subject of another issuer is somebody else.</summary>
    public required string OwnerIssuer { get; init; }
}
