using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>The token endpoint of container registries, <c>/token</c>.</summary>
internal sealed record RegistrySettings
{
    /// <summary>The registries that tokens are given for, each by the <c>service</c> of its configuration. None: the address is not served.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Life of a registry's token; it never outlives the token that it was given for. A revocation is not seen by the registry before that.</summary>
    [Between("60s", "1h")]
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(5);
}
