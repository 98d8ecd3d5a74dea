using Portcullis.Audit;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Auditing;

/// <summary>The trail of a Git request.</summary>
internal sealed class GitTrail(string id, DateTimeOffset time) : RequestTrail(id, time)
{
    /// <summary>The request as it was understood; null when it was not.</summary>
    public GitRequest? Request { get; set; }

    /// <summary>The operation, where it is another than the route's.</summary>
    public string? Operation { get; set; }

    /// <summary>The file whose lock is made or taken away.</summary>
    public string? LockedPath { get; set; }

    /// <summary>What happened to refs.</summary>
    public IReadOnlyList<AuditRefChange> References { get; set; } = [];

    /// <inheritdoc/>
    public override bool IsDurable => Request?.Route.Operation.IsChange() == true;

    /// <inheritdoc/>
    protected override string Event => AuditEvents.Request;

    /// <inheritdoc/>
    protected override string? OperationText => Operation ?? Request?.Route.Operation.Word();

    /// <inheritdoc/>
    protected override string? Repository => Request?.Route.Repository.Value;

    /// <inheritdoc/>
    protected override string? Object => Request?.Route.LfsObject?.ToString();

    /// <inheritdoc/>
    protected override string? Path => LockedPath;

    /// <inheritdoc/>
    protected override IReadOnlyList<AuditRefChange>? Refs => References.Count > 0 ? References : null;

    /// <inheritdoc/>
    protected override long BytesIn => Request?.Body.BytesReceived ?? 0;

    /// <inheritdoc/>
    public override void Refuse(Refusal refusal)
    {
        base.Refuse(refusal);
        if (refusal.References.Count > 0)
        {
            References = PushAudit.Of(refusal);
        }
    }
}
