namespace Portcullis.Audit;

/// <summary>The words used for <see cref="AuditRecord.Event"/>.</summary>
public static class AuditEvents
{
    /// <summary>A Git request was decided.</summary>
    public const string Request = "request";

    /// <summary>A question of a proxy was decided: may this request pass?</summary>
    public const string ForwardAuth = "forward_auth";

    /// <summary>A token was issued, by the authority or by an administrator's command.</summary>
    public const string TokenIssued = "token.issued";

    /// <summary>A token, key, session, client or subject was revoked.</summary>
    public const string Revoked = "revoked";

    /// <summary>An administrative change: a user, a client, a repository, a key.</summary>
    public const string Administration = "administration";

    /// <summary>A trust entry under trial matched a token: it gave nothing, and the reason says what it would have given.</summary>
    public const string TrustTrial = "trust.trial";

    /// <summary>Written by the log itself: a signed checkpoint.</summary>
    public const string Checkpoint = "checkpoint";

    /// <summary>Written by the log itself: what it found and set aside when it was opened after a crash.</summary>
    public const string Recovered = "audit.recovered";

    /// <summary>Written by the log itself: it could not be written for a while and can again.</summary>
    public const string Resumed = "audit.resumed";

    /// <summary>Written by the log itself: files that it writes were changed by somebody else.</summary>
    public const string Disturbed = "audit.disturbed";
}
