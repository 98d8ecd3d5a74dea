using Portcullis.Audit;
using Portcullis.Gateway.Auditing;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>The trail of a proxy's question.</summary>
internal sealed class ForwardAuthTrail(string id, DateTimeOffset time) : RequestTrail(id, time)
{
    /// <summary>What the client asked the proxy for; null when that is not clear.</summary>
    public OriginalRequest? Original { get; set; }

    /// <inheritdoc/>
    public override bool IsDurable => false;

    /// <inheritdoc/>
    protected override string Event => AuditEvents.ForwardAuth;

    /// <inheritdoc/>
    protected override string OperationText => Original?.Shown ?? "unclear";
}
