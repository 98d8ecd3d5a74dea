using System.Collections.Frozen;

namespace Portcullis.Tokens.Revocation;

/// <summary>What a feed says of one name.</summary>
/// <param name="IssuedBefore">Only tokens issued then or earlier; null: all.</param>
/// <param name="ExpiresAt">When it has met its last token.</param>
internal readonly record struct RevocationMark(DateTimeOffset? IssuedBefore, DateTimeOffset ExpiresAt);

/// <summary>What a feed said at one moment.</summary>
internal sealed class RevocationSnapshot(FrozenDictionary<(RevocationKind Kind, string Digest), RevocationMark> marks)
{
    public static RevocationSnapshot Empty { get; } = new(FrozenDictionary<(RevocationKind, string), RevocationMark>.Empty);

    public int Count => marks.Count;

    /// <summary>Whether a token, its session, subject, actor, client, key or one of its ancestors stands in it.</summary>
    public bool Meets(ValidatedToken token, DateTimeOffset now)
    {
        if (marks.Count == 0)
        {
            return false;
        }

        if (Has(RevocationKind.Token, token.TokenId) || Has(RevocationKind.Session, token.SessionId) || Has(RevocationKind.Subject, token.Subject)
            || Has(RevocationKind.Client, token.ClientId) || Has(RevocationKind.Key, token.KeyId))
        {
            return true;
        }

        foreach (Actor actor in token.Actors)
        {
            // An actor of the authority's own is a client or a subject of it; one of another issuer is named with that.
            if (actor.Issuer is { } issuer ? Has(RevocationKind.Subject, $"{issuer}|{actor.Subject}") : Has(RevocationKind.Subject, actor.Subject) || Has(RevocationKind.Client, actor.Subject))
            {
                return true;
            }
        }

        if (token.TryGetClaimValues(ClaimNames.DiesWith, out IReadOnlyList<string>? marked))
        {
            foreach (var text in marked)
            {
                var colon = text.IndexOf(':', StringComparison.Ordinal);
                if (colon > 0 && RevocationDigest.Kind(text[..colon]) is { } kind && Has(kind, text[(colon + 1)..]))
                {
                    return true;
                }
            }
        }

        // A token made by exchange names its ancestors and dies with each of them.
        if (token.TryGetClaimValues(ClaimNames.Parents, out IReadOnlyList<string>? parents))
        {
            foreach (var parent in parents)
            {
                if (Has(RevocationKind.Token, parent))
                {
                    return true;
                }
            }
        }

        return false;

        bool Has(RevocationKind kind, string? value) => value is not null
            && marks.TryGetValue((kind, RevocationDigest.Of(kind, value)), out RevocationMark mark)
            && mark.ExpiresAt > now && (mark.IssuedBefore is not { } before || token.IssuedAt <= before);
    }
}
