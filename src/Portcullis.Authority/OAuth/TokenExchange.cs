using Microsoft.AspNetCore.Http;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.Revocations;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Portcullis.Authority.OAuth;

/// <summary>
/// Token exchange (RFC 8693), in its two uses. A token of ours becomes a strictly smaller one, for an agent or a job, that dies with it. A token of an issuer that the policy trusts becomes one of
/// ours, with what the policy's trust entries give it.
/// </summary>
internal sealed class TokenExchange(AuthorityOptions options, TimeProvider clock)
{
    public AccessToken? Decide(
        HttpContext http, OpenIddictRequest request, PermissionRequest asked, ClientInfo client, TimeSpan lifetime, out PermissionSet? granted, out IssuingProblem? problem)
    {
        ValidatedToken? subject = Validated(http, request.SubjectToken);
        ValidatedToken? actor = Validated(http, request.ActorToken);
        granted = null;
        if (subject is null)
        {
            problem = new IssuingProblem(Errors.InvalidGrant, "The subject token isn't one that this server can check.");
            return null;
        }

        // A bound token is worth nothing without its certificate (RFC 8705); the token endpoint doesn't ask for one.
        if (subject.ConfirmationCertificateThumbprint is not null || actor?.ConfirmationCertificateThumbprint is not null)
        {
            problem = new IssuingProblem(Errors.InvalidGrant, "A token that is bound to a certificate can't be exchanged.");
            return null;
        }

        DateTimeOffset now = clock.GetUtcNow();
        DateTimeOffset expires = RequestedEnd(request, now, lifetime, out problem);
        if (problem is not null)
        {
            return null;
        }

        return subject.Issuer == options.Issuer
            ? Child(subject, actor, asked, client, now, expires, out granted, out problem)
            : Workload(subject, actor, asked, client, now, expires, out granted, out problem);
    }

    /// <summary>The trust entries under trial that match the subject token: they give nothing, and what they would give is recorded.</summary>
    public (ValidatedToken? Token, IReadOnlyList<TrustEntry> Entries) Trials(HttpContext http, OpenIddictRequest request) =>
        Validated(http, request.SubjectToken) is { } token && token.Issuer != options.Issuer
            ? (token, [.. options.Policy().MatchTrust(token.Issuer, name => token.TryGetClaim(name, out var value) ? value : null).Where(entry => entry.IsAuditOnly)])
            : (null, []);

    /// <summary>A smaller token of one of ours.</summary>
    public AccessToken? Child(
        ValidatedToken parent, ValidatedToken? actor, PermissionRequest asked, ClientInfo client, DateTimeOffset now, DateTimeOffset expires, out PermissionSet? granted, out IssuingProblem? problem)
    {
        granted = null;
        var actors = new List<Actor>(actor is null
            ? [new Actor(client.Id)]
            : [.. actor.Actors, new Actor(actor.Subject, actor.Issuer == options.Issuer ? null : actor.Issuer)]); // Who acts for the actor stands before it.
        actors.AddRange(parent.Actors);
        parent.TryGetClaimValues(PortcullisClaims.Parents, out IReadOnlyList<string>? ancestors);
        var parents = (ancestors ?? []).Prepend(parent.TokenId).ToArray();
        if (parents.Length > options.MaxExchangeDepth || actors.Count > options.MaxExchangeDepth)
        {
            problem = new IssuingProblem(Errors.InvalidGrant, $"A chain of exchanged tokens has at most {options.MaxExchangeDepth} links.");
            return null;
        }

        // What the parent's own word allows, scopes of other services included: roles don't come along, and what OpenID Connect says neither.
        PermissionSet held = PermissionSet.FromClaims(parent.Scope, parent.AuthorizationDetails);
        if (PermissionGrants.Decide(options.Policy(), held, asked with { OtherScopes = [] }, client.Ceiling, out problem) is not { } set)
        {
            return null;
        }

        if (expires > parent.ExpiresAt)
        {
            expires = parent.ExpiresAt;
        }

        // Whose own token has run out acts for nobody any more.
        if (expires > actor?.ExpiresAt)
        {
            expires = actor.ExpiresAt;
        }

        // Smaller in what it opens or in how long: a copy under another name would only hide who acts.
        if (set.Covers(held) && expires >= parent.ExpiresAt)
        {
            problem = new IssuingProblem(Errors.InvalidScope, "A child token must be smaller than its parent: ask for fewer repositories, refs or actions by scope, or for less time by expires_in.");
            return null;
        }

        granted = set;
        var clientId = parent.ClientId == parent.Subject ? parent.ClientId : client.Id;
        return new AccessToken
        {
            Subject = parent.Subject,
            ClientId = clientId,
            SessionId = parent.SessionId,
            Scope = set.ToScope(),
            IssuedAt = now,
            ExpiresAt = expires,
            Actors = actors,
            Parents = parents,
            DiesWith = Marks(parent, actor, clientId, actors),
            Algorithm = client.SigningAlgorithm,
        };
    }

    // A child has its parent's subject and session, and its parents' ids: this is all else by which a parent, or who acts with a token of its own, can be revoked.
    private static string[] Marks(ValidatedToken parent, ValidatedToken? actor, string? clientId, List<Actor> actors)
    {
        var marks = new List<string>();
        if (parent.ClientId is { } parentClient && parentClient != clientId && actors.TrueForAll(a => a.Issuer is not null || a.Subject != parentClient))
        {
            marks.Add(DeathMark.Write(RevocationKind.Client, parentClient));
        }

        // A forged parent's key may be found out only after a newer one has signed the child.
        marks.Add(DeathMark.Write(RevocationKind.Key, parent.KeyId ?? ""));
        parent.TryGetClaimValues(PortcullisClaims.DiesWith, out IReadOnlyList<string>? inherited);
        marks.AddRange(inherited ?? []);
        if (actor is not null)
        {
            marks.Add(DeathMark.Write(RevocationKind.TokenId, actor.TokenId));
            marks.AddRange(actor.SessionId is null ? [] : [DeathMark.Write(RevocationKind.Session, actor.SessionId)]);
            marks.AddRange(actor.ClientId is null ? [] : [DeathMark.Write(RevocationKind.Client, actor.ClientId)]);
            actor.TryGetClaimValues(PortcullisClaims.Parents, out IReadOnlyList<string>? ancestors);
            marks.AddRange((ancestors ?? []).Select(id => DeathMark.Write(RevocationKind.TokenId, id)));
            actor.TryGetClaimValues(PortcullisClaims.DiesWith, out inherited);
            marks.AddRange(inherited ?? []);
        }

        return [.. marks.Distinct(StringComparer.Ordinal)];
    }

    // What a trust entry gives belongs to the workload that the other issuer vouches for. Its subject is prefixed with that issuer: it is neither a person nor a client of ours.
    private AccessToken? Workload(
        ValidatedToken subject, ValidatedToken? actor, PermissionRequest asked, ClientInfo client, DateTimeOffset now, DateTimeOffset expires, out PermissionSet? granted, out IssuingProblem? problem)
    {
        granted = null;
        if (actor is not null)
        {
            problem = new IssuingProblem(Errors.InvalidRequest, "An actor token goes with a subject token of this server only.");
            return null;
        }

        PermissionSet given = options.Policy().TrustFor(subject.Issuer, name => subject.TryGetClaim(name, out var value) ? value : null);
        if (subject.IssuerSettings.Permissions == PermissionSource.Token)
        {
            given = given.Union(PermissionSet.FromClaims(subject.Scope, subject.AuthorizationDetails));
        }

        if (subject.IssuerSettings.Ceiling is { } ceiling)
        {
            given = given.Intersect(PermissionSet.FromScope(string.Join(' ', ceiling)));
        }

        if (given.IsEmpty)
        {
            problem = new IssuingProblem(Errors.InvalidGrant, "No trust entry of the policy matches this token's issuer and claims.");
            return null;
        }

        if (PermissionGrants.Decide(options.Policy(), given, asked with { OtherScopes = [] }, client.Ceiling, out problem) is not { } set)
        {
            return null;
        }

        granted = set;
        return new AccessToken
        {
            Subject = $"{subject.Issuer}|{subject.Subject}",
            ClientId = client.Id,
            Scope = set.ToScope(),
            IssuedAt = now,
            ExpiresAt = expires,

            // The other issuer's token is no parent of ours to revoke by id, but whoever revokes its id or its subject means this one, too.
            Parents = [subject.TokenId],
            Actors = subject.Actors,
            Algorithm = client.SigningAlgorithm,
        };
    }

    private static ValidatedToken? Validated(HttpContext http, string? token) => token is null
        ? null
        : http.Features.Get<OpenIddictServerAspNetCoreFeature>()?.Transaction?.GetProperty<ValidatedToken>(ExchangeValidator.PropertyFor(token));

    // RFC 8693 has no parameter for less time; expires_in is the word its response has for it.
    private static DateTimeOffset RequestedEnd(OpenIddictRequest request, DateTimeOffset now, TimeSpan lifetime, out IssuingProblem? problem)
    {
        problem = null;
        if (request.GetParameter("expires_in")?.ToString() is { } text)
        {
            if (!int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds) || seconds < 1)
            {
                problem = new IssuingProblem(Errors.InvalidRequest, "expires_in is a whole number of seconds, 1 or more.");
            }
            else if (seconds < lifetime.TotalSeconds)
            {
                return now + TimeSpan.FromSeconds(seconds);
            }
        }

        return now + lifetime;
    }
}
