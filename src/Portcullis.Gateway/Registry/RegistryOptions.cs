namespace Portcullis.Gateway.Registry;

/// <summary>The container registries that tokens are given for.</summary>
public sealed record RegistryOptions
{
    /// <summary>The <c>service</c> of each registry's own configuration.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>The <c>issuer</c> of the registries' configuration.</summary>
    public required string Issuer { get; init; }

    /// <summary>Life of a registry's token; it never outlives the token that it was given for. Default: five minutes.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(5);
}
