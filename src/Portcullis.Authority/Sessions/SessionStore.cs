using System.Security.Cryptography;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.Sessions;

/// <summary>Opens, finds and ends sessions.</summary>
internal sealed class SessionStore(AuthorityDbContext database, CompiledQueries queries, TimeProvider clock)
{
    private const int MaxUserAgent = 200;

    /// <summary>Makes a session, which is none before <see cref="Add"/>.</summary>
    public Session Create(string subject, string? clientId, TimeSpan lifetime, string? requestedScope, string? remoteAddress, string? userAgent)
    {
        DateTimeOffset now = clock.GetUtcNow();
        return new Session
        {
            Id = WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(12)),
            Subject = subject,
            ClientId = clientId,
            CreatedAt = now,
            LastUsedAt = now,
            ExpiresAt = now + lifetime,
            RequestedScope = requestedScope,
            RemoteAddress = remoteAddress,
            UserAgent = userAgent is { Length: > MaxUserAgent } ? userAgent[..MaxUserAgent] : userAgent,
        };
    }

    /// <summary>Keeps a session that was made, with the next changes that are saved; one that is kept already stays.</summary>
    public void Add(Session session)
    {
        if (database.Entry(session).State == EntityState.Detached)
        {
            database.Sessions.Add(session);
        }
    }

    /// <summary>The session if it is alive: not ended, not run out.</summary>
    public async Task<Session?> FindAliveAsync(string id, CancellationToken cancellationToken)
    {
        Session? session = await queries.FindSessionAsync(database, id, cancellationToken);
        return session is { EndedAt: null } && session.ExpiresAt > clock.GetUtcNow() ? session : null;
    }

    public async Task<IReadOnlyList<SessionInfo>> ListAsync(string subject, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        return await database.Sessions.AsNoTracking()
            .Where(s => s.Subject == subject && s.EndedAt == null && s.ExpiresAt > now)
            .OrderByDescending(s => s.LastUsedAt)
            .Select(s => new SessionInfo(s.Id, s.Subject, s.ClientId, s.CreatedAt, s.LastUsedAt, s.ExpiresAt, s.RemoteAddress, s.UserAgent, s.RequestedScope))
            .ToListAsync(cancellationToken);
    }
}
