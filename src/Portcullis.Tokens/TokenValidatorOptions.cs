namespace Portcullis.Tokens;

/// <summary>Bounds of a <see cref="TokenValidator"/>.</summary>
public sealed record TokenValidatorOptions
{
    /// <summary>The longest token that is looked at, in characters. Default: 8192.</summary>
    public int MaximumLength { get; init; } = 8 * 1024;

    /// <summary>How many validated tokens are remembered, so that the next request with the same token costs no signature. Default: 4096; 0: none.</summary>
    public int CacheCapacity { get; init; } = 4096;

    /// <summary>How many tokens with a wrong signature are remembered, so that the same one again costs no arithmetic. Default: 1024; 0: none.</summary>
    public int RefusedCapacity { get; init; } = 1024;
}
