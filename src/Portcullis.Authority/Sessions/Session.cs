namespace Portcullis.Authority.Sessions;

/// <summary>One login: of a browser, or of a client that a person let in. Its id is the <c>sid</c> of every token that comes of it.</summary>
internal sealed class Session
{
    public required string Id { get; set; }

    public required string Subject { get; set; }

    /// <summary>The client this session was opened for; null for a browser on our own pages.</summary>
    public string? ClientId { get; set; }

    /// <summary>OpenIddict's row that the session's refresh tokens hang on; null for browsers.</summary>
    public string? AuthorizationId { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset LastUsedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public string? RemoteAddress { get; set; }

    public string? UserAgent { get; set; }

    /// <summary>What the client asked for: the next refresh asks the policy for it again, so that a policy change counts at once.</summary>
    public string? RequestedScope { get; set; }
}
