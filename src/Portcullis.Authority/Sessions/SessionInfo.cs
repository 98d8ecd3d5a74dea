namespace Portcullis.Authority.Sessions;

/// <summary>A login that is alive, as its owner and administrators see it.</summary>
/// <param name="Id">The <c>sid</c> of its tokens.</param>
/// <param name="Subject">Whose it is.</param>
/// <param name="ClientId">The client that was let in; null for a browser on our own pages.</param>
/// <param name="CreatedAt">When it began.</param>
/// <param name="LastUsedAt">When it last got a token, or saw a page.</param>
/// <param name="ExpiresAt">When it ends if it isn't used before.</param>
/// <param name="RemoteAddress">From where it began.</param>
/// <param name="UserAgent">With which program it began.</param>
/// <param name="RequestedScope">What was asked for; null for a browser.</param>
public sealed record SessionInfo(
    string Id,
    string Subject,
    string? ClientId,
    DateTimeOffset CreatedAt,
    DateTimeOffset LastUsedAt,
    DateTimeOffset ExpiresAt,
    string? RemoteAddress,
    string? UserAgent,
    string? RequestedScope);
