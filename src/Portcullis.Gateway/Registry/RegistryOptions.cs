namespace Portcullis.Gateway.Registry;

/// <summary>The container registries that tokens are given for.</summary>
public sealed record RegistryOptions
{
    /// <summary>The <c>service</c> of each registry's own configuration.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>The <c>issuer</c> of the registries' configuration.</summary>
    public required string Issuer { get; init; }

    /// <summary>Life of a registry's token; it never outlives the token that it was given for. Default, and the least that docker's clients believe: a minute.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(1);
}
