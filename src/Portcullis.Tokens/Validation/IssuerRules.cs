using System.Collections.Frozen;
using Portcullis.Tokens.Issuers;

namespace Portcullis.Tokens.Validation;

/// <summary>A trusted issuer in the form that the checks use.</summary>
internal sealed class IssuerRules(TrustedIssuer settings)
{
    public TrustedIssuer Settings { get; } = settings;

    public FrozenSet<string> Algorithms { get; } = settings.Algorithms.ToFrozenSet(StringComparer.Ordinal);

    public FrozenSet<string> Audiences { get; } = settings.Audiences.ToFrozenSet(StringComparer.Ordinal);

    public FrozenSet<string> Types { get; } = settings.Types.Select(TokenHeader.NormalizeType).ToFrozenSet(StringComparer.Ordinal);

    public long MaximumLifetime { get; } = (long)settings.MaxLifetime.TotalSeconds;

    public long Skew { get; } = (long)settings.ClockSkew.TotalSeconds;
}
