namespace Portcullis.Audit;

/// <summary>
/// Which records are shown: those that meet every condition that is set. In <see cref="Subject"/>, <see cref="Repository"/> and
/// <see cref="Ref"/>, <c>*</c> stands for any run of characters.
/// </summary>
public sealed record AuditFilter
{
    /// <summary>Everything but the log's own checkpoints.</summary>
    public static AuditFilter None { get; } = new();

    /// <summary>From this time on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The record's id.</summary>
    public string? Id { get; init; }

    /// <summary>The node.</summary>
    public string? Node { get; init; }

    /// <summary>The event.</summary>
    public string? Event { get; init; }

    /// <summary>The outcome.</summary>
    public AuditOutcome? Outcome { get; init; }

    /// <summary>The subject, or one of those who acted for it.</summary>
    public string? Subject { get; init; }

    /// <summary>The OAuth client.</summary>
    public string? Client { get; init; }

    /// <summary>The token's id.</summary>
    public string? TokenId { get; init; }

    /// <summary>The login.</summary>
    public string? Session { get; init; }

    /// <summary>The repository.</summary>
    public string? Repository { get; init; }

    /// <summary>The operation.</summary>
    public string? Operation { get; init; }

    /// <summary>A ref that the record names.</summary>
    public string? Ref { get; init; }

    /// <summary>Whether the log's own checkpoints are shown. Default: no.</summary>
    public bool IncludeCheckpoints { get; init; }

    internal bool Matches(AuditRecord record, string node)
        => (IncludeCheckpoints || record.Event != AuditEvents.Checkpoint)
            && (Since is null || record.Time >= Since)
            && (Until is null || record.Time < Until)
            && IsSame(Id, record.Id)
            && IsSame(Node, node)
            && IsSame(Event, record.Event)
            && (Outcome is null || (record.Outcome == Outcome && record.Event != AuditEvents.Checkpoint))
            && (Subject is null || IsLike(Subject, record.Subject) || (record.Actor?.Any(actor => IsLike(Subject, actor)) ?? false))
            && IsSame(Client, record.Client)
            && IsSame(TokenId, record.TokenId)
            && IsSame(Session, record.Session)
            && (Repository is null || IsLike(Repository, record.Repository))
            && IsSame(Operation, record.Operation)
            && (Ref is null || (record.Refs?.Any(change => IsLike(Ref, change.Name)) ?? false));

    private static bool IsSame(string? wanted, string? value) => wanted is null || string.Equals(wanted, value, StringComparison.Ordinal);

    /// <summary>Matches with one retry point, in at most |pattern|·|value| steps.</summary>
    private static bool IsLike(string pattern, string? value)
    {
        if (value is null)
        {
            return false;
        }

        int p = 0, v = 0, star = -1, resume = 0;
        while (v < value.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = v;
            }
            else if (p < pattern.Length && pattern[p] == value[v])
            {
                p++;
                v++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                v = ++resume;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).Trim('*').IsEmpty;
    }
}
