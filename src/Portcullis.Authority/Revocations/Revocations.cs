using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using Portcullis.Authority.Sessions;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority.Revocations;

/// <summary>
/// Takes tokens back before their time. Effective on this node when the call returns, on the other nodes when they next look into the database
/// (<see cref="AuthorityOptions.PollInterval"/>).
/// </summary>
public sealed class Revocations
{
    private const int MaxValueLength = 512;

    // A second more than the skew that validators allow after `exp`.
    private static readonly TimeSpan s_margin = TimeSpan.FromMinutes(6);

    private readonly IServiceScopeFactory _scopes;
    private readonly PlainDatabase _database;
    private readonly RevocationIndex _index;
    private readonly AuthorityAudit _audit;
    private readonly AuthorityOptions _options;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _polling = new(1, 1);

    // What this process has read, and when: by its own steady clock, which nobody sets.
    private readonly Dictionary<long, (DateTimeOffset ExpiresAt, long KnownSince)> _rows = [];
    private long _lastSeen;

    internal Revocations(IServiceScopeFactory scopes, PlainDatabase database, RevocationIndex index, AuthorityAudit audit, AuthorityOptions options, TimeProvider clock)
    {
        _audit = audit;
        _scopes = scopes;
        _database = database;
        _index = index;
        _options = options;
        _clock = clock;
    }

    /// <summary>For how long a revocation is remembered: no token that it concerns can be alive after that.</summary>
    internal static TimeSpan RememberedFor(AuthorityOptions options) => options.MaxAccessTokenLifetime + s_margin;

    /// <summary>Revokes one access token, by its <c>jti</c>, with every token made from it.</summary>
    public Task RevokeTokenAsync(string tokenId, CancellationToken cancellationToken) => AddAsync(RevocationKind.TokenId, tokenId, cancellationToken);

    /// <summary>Ends one session: its access tokens are refused, its refresh tokens are worth nothing.</summary>
    /// <returns>Whether there was such a session alive. Tokens with this <c>sid</c> are refused in any case.</returns>
    public async Task<bool> RevokeSessionAsync(string sessionId, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        var ended = await EndSessionsAsync(scope, s => s.Where(session => session.Id == sessionId), cancellationToken);
        await AddAsync(RevocationKind.Session, sessionId, cancellationToken);
        return ended > 0;
    }

    /// <summary>Revokes everything that one subject (a person, a client, a workload, an agent) holds: sessions, refresh tokens, access tokens, and tokens by which it acts for others.</summary>
    public async Task RevokeSubjectAsync(string subject, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        await EndSessionsAsync(scope, s => s.Where(session => session.Subject == subject), cancellationToken);
        await scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>().RevokeBySubjectAsync(subject, cancellationToken);
        await AddAsync(RevocationKind.Subject, subject, cancellationToken);
    }

    /// <summary>Revokes everything that was issued to one client, whoever it was for.</summary>
    public async Task RevokeClientAsync(string clientId, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        await EndSessionsAsync(scope, s => s.Where(session => session.ClientId == clientId), cancellationToken);
        var applications = scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
        if (await applications.FindByClientIdAsync(clientId, cancellationToken) is { } application
            && await applications.GetIdAsync(application, cancellationToken) is { } id)
        {
            await scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>().RevokeByApplicationIdAsync(id, cancellationToken);
        }

        await AddAsync(RevocationKind.Client, clientId, cancellationToken);
    }

    /// <summary>Takes back what a kind and a value name, as commands and the API spell them.</summary>
    /// <param name="kind"><c>tokenId</c>, <c>session</c>, <c>subject</c> or <c>client</c>.</param>
    /// <param name="value">The name.</param>
    /// <param name="cancellationToken">Gives up waiting for the database.</param>
    /// <returns>Why nothing was taken back; null when it was.</returns>
    public async Task<string?> RevokeAsync(string kind, string value, CancellationToken cancellationToken)
    {
        if (value.Length is 0 or > MaxValueLength || value.Any(char.IsControl))
        {
            return $"What is taken back is named by 1 to {MaxValueLength} printable characters: an id or a name, never a token.";
        }

        // Somebody who has the token at hand and not its id: it must not end up in the list and in the audit.
        if (value.StartsWith("eyJ", StringComparison.Ordinal) && value.Contains('.'))
        {
            return "This is a token. Take it back by its id: `portcullis token inspect` shows it as jti.";
        }

        switch (kind)
        {
            case "tokenId": await RevokeTokenAsync(value, cancellationToken); break;
            case "session": await RevokeSessionAsync(value, cancellationToken); break;
            case "subject": await RevokeSubjectAsync(value, cancellationToken); break;
            case "client": await RevokeClientAsync(value, cancellationToken); break;
            default: return "The kind is tokenId, session, subject or client.";
        }

        return null;
    }

    /// <summary>What is revoked now, the newest first.</summary>
    public async Task<IReadOnlyList<RevocationInfo>> ListAsync(CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        DateTimeOffset now = _clock.GetUtcNow();
        return await scope.ServiceProvider.GetRequiredService<AuthorityDbContext>().Revocations.AsNoTracking()
            .Where(row => row.ExpiresAt > now).OrderByDescending(row => row.Id)
            .Select(row => new RevocationInfo(row.Kind, row.Value, row.CreatedAt, row.ExpiresAt)).ToListAsync(cancellationToken);
    }

    internal async Task AddAsync(RevocationKind kind, string value, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        var row = new RevocationRow { Kind = kind, Value = value, CreatedAt = now, ExpiresAt = now + RememberedFor(_options) };

        // First here, then in the database: when that is away, this node refuses already.
        _index.Add([row]);
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<AuthorityDbContext>();
        database.Revocations.Add(row);
        await database.SaveChangesAsync(cancellationToken);
        await _audit.RevokedAsync(kind.ToString(), value);
    }

    /// <summary>Takes in what other nodes, or commands, have revoked since the last look.</summary>
    internal async Task PollAsync(CancellationToken cancellationToken)
    {
        await _polling.WaitAsync(cancellationToken);
        try
        {
            // PostgreSQL hands out numbers before their rows are committed: a row with a lower number may come to light later. Ten back costs nothing, and seeing one twice does no harm.
            var from = _lastSeen - 10;
            List<RevocationRow> rows = await _database.ReadRevocationsAsync(from, cancellationToken);
            if (rows.Count > 0)
            {
                _index.Add(rows);
                foreach (RevocationRow row in rows)
                {
                    _rows.TryAdd(row.Id, (row.ExpiresAt, _clock.GetTimestamp()));
                }

                _lastSeen = Math.Max(_lastSeen, rows.Max(row => row.Id));
            }
        }
        finally
        {
            _polling.Release();
        }
    }

    /// <summary>
    /// Forgets what can concern no token any more: what has run out by the clock on the wall, and has been known here for as long as a token can live. A clock that was set ahead by mistake, and is
    /// set back, must not have removed anything, neither here nor for the nodes that read it after a start.
    /// </summary>
    internal async Task RemoveExpiredAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        await _polling.WaitAsync(cancellationToken);
        try
        {
            long[] gone = [.. _rows.Where(row => row.Value.ExpiresAt <= now && _clock.GetElapsedTime(row.Value.KnownSince) >= RememberedFor(_options)).Select(row => row.Key)];
            if (gone.Length > 0)
            {
                await _database.RemoveRevocationsAsync(gone, cancellationToken);
                foreach (var id in gone)
                {
                    _rows.Remove(id);
                }
            }

            // After the rows: a look at the database would bring them again.
            _index.RemoveExpired();
        }
        finally
        {
            _polling.Release();
        }

        await _database.RemoveExpiredAsync(now, cancellationToken);
    }

    /// <summary>Forgets the assertions that ran out. They live for ten minutes; an hour more, so that small corrections of a clock let none in again.</summary>
    internal Task RemoveAssertionsAsync(CancellationToken cancellationToken) => _database.RemoveAssertionsAsync(_clock.GetUtcNow() - TimeSpan.FromHours(1), cancellationToken);

    private async Task<int> EndSessionsAsync(
        AsyncServiceScope scope, Func<IQueryable<Session>, IQueryable<Session>> which, CancellationToken cancellationToken)
    {
        var database = scope.ServiceProvider.GetRequiredService<AuthorityDbContext>();
        DateTimeOffset? now = _clock.GetUtcNow();
        List<string> authorizations = await which(database.Sessions).Where(s => s.AuthorizationId != null && s.EndedAt == null)
            .Select(s => s.AuthorizationId!).ToListAsync(cancellationToken);
        var ended = await which(database.Sessions).Where(s => s.EndedAt == null)
            .ExecuteUpdateAsync(s => s.SetProperty(session => session.EndedAt, now), cancellationToken);
        var manager = scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>();
        var tokens = scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>();
        foreach (var id in authorizations)
        {
            if (await manager.FindByIdAsync(id, cancellationToken) is { } authorization)
            {
                await manager.TryRevokeAsync(authorization, cancellationToken);
            }

            await tokens.RevokeByAuthorizationIdAsync(id, cancellationToken);
        }

        return ended;
    }
}
