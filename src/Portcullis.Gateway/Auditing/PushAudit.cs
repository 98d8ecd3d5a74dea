using Portcullis.Audit;
using Portcullis.Gateway.Refusals;
using Portcullis.Git.ReceivePack;

namespace Portcullis.Gateway.Auditing;

/// <summary>The refs of a push in the audit record.</summary>
internal static class PushAudit
{
    /// <summary>The refs of a refused push.</summary>
    public static IReadOnlyList<AuditRefChange> Of(Refusal refusal) =>
        [.. refusal.References.Select(reference => Of(reference.Command, reference.Change, AuditOutcome.Refused, reference.Code))];

    /// <summary>One ref.</summary>
    public static AuditRefChange Of(ReceivePackCommand command, string change, AuditOutcome outcome, string? code) => new()
    {
        Name = command.RawName,
        Old = command.Old.IsZero ? null : command.Old.ToString(),
        New = command.New.IsZero ? null : command.New.ToString(),
        Change = change,
        Outcome = outcome,
        Reason = code,
    };
}
