using Portcullis.Tokens.Keys;

namespace Portcullis.Authority.Keys;

/// <summary>One key of the ring, ready for use, with its place in the rotation.</summary>
internal sealed record RingKey(
    SigningKey Key, DateTimeOffset CreatedAt, DateTimeOffset SignsFrom, DateTimeOffset? VerifiesUntil, DateTimeOffset? RevokedAt)
{
    public bool IsAlive(DateTimeOffset now) => RevokedAt is null && (VerifiesUntil is not { } until || until > now);
}
