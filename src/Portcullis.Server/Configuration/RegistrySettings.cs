using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>The token endpoint of container registries, <c>/token</c>.</summary>
internal sealed record RegistrySettings
{
    /// <summary>The registries that tokens are given for, each by the <c>service</c> of its configuration. None: the address is not served.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Life of a registry's token; it never outlives the token that it was given for. Registries see a revocation only then, or a minute later, which they allow clocks to differ.</summary>
    [Between("60s", "1h")]
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(1);
}
