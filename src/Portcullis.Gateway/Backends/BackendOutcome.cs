using Portcullis.Audit;
using Portcullis.Gateway.Refusals;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends;

/// <summary>What a backend did with a request.</summary>
internal sealed record BackendOutcome
{
    /// <summary>Served; nothing more to say.</summary>
    public static BackendOutcome Served { get; } = new() { Outcome = AuditOutcome.Allowed };

    /// <summary>There is no such repository, which a backend that did not look before finds out only now.</summary>
    public static BackendOutcome Missing { get; } = new() { Outcome = AuditOutcome.Refused, Code = "repository_not_found" };

    /// <summary>How it ended.</summary>
    public required AuditOutcome Outcome { get; init; }

    /// <summary>The stable code of the reason, where it did not end well.</summary>
    public string? Code { get; init; }

    /// <summary>The no that is still to be written; null when the answer is written already, or is to be by <see cref="Finish"/>.</summary>
    public Refusal? Refusal { get; init; }

    /// <summary>What happened to the refs of a push.</summary>
    public IReadOnlyList<AuditRefChange> References { get; init; } = [];

    /// <summary>Writes the end of the answer; called once the audit record is on disk, so that no push is reported that is not recorded.</summary>
    public Action? Finish { get; init; }

    /// <summary>The name that the repository has by now. Nothing was done: it is to be decided about that one. The refusal is for who may not know it.</summary>
    public RepositoryPath? RenamedTo { get; init; }

    /// <summary>A refusal that only the backend could know.</summary>
    public static BackendOutcome Refused(Refusal refusal) =>
        new() { Outcome = AuditOutcome.Refused, Code = refusal.Code, Refusal = refusal };

    /// <summary>It could not be done, and the client is told so.</summary>
    public static BackendOutcome Failed(Refusal refusal) =>
        new() { Outcome = AuditOutcome.Failed, Code = refusal.Code, Refusal = refusal };

    /// <summary>It did not come to its end; the answer was cut.</summary>
    public static BackendOutcome Cut(string code) => new() { Outcome = AuditOutcome.Failed, Code = code };
}
