using Portcullis.Audit;
using Portcullis.Gateway.Auditing;

namespace Portcullis.Gateway.Registry;

/// <summary>The trail of a request for a registry's token.</summary>
internal sealed class RegistryTrail(string id, DateTimeOffset time) : RequestTrail(id, time)
{
    /// <summary>What was asked; null when that is not clear.</summary>
    public RegistryRequest? Request { get; set; }

    /// <summary>What the token opens that was given.</summary>
    public IReadOnlyList<RegistryScope> Granted { get; set; } = [];

    /// <inheritdoc/>
    public override bool IsDurable => Outcome == AuditOutcome.Allowed;

    /// <inheritdoc/>
    protected override string Event => AuditEvents.TokenIssued;

    /// <inheritdoc/>
    protected override string OperationText =>
        $"registry {(Outcome == AuditOutcome.Allowed ? string.Join(' ', Granted) : string.Join(' ', Request?.Scopes ?? []))}".TrimEnd();
}
