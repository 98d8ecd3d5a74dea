using System.Data.Common;
using Microsoft.Data.Sqlite;
using Portcullis.Access.Policies;
using Portcullis.Audit;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Keys;
using Portcullis.Authority.People;
using Portcullis.Authority.Revocations;
using Portcullis.Server.Commands;
using Portcullis.Server.Hosting;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Server.Administration;

/// <summary>
/// The authority as a command on the server's machine has it: the same database, whether a server runs beside it or not. A running server sees what was changed when it next looks, within half a second.
/// </summary>
internal sealed class LocalAuthority : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly AuditSigningKey? _auditKey;
    private readonly AuditLog? _auditLog;

    private LocalAuthority(ServiceProvider services, AuditSigningKey? auditKey, AuditLog? auditLog)
    {
        _services = services;
        _auditKey = auditKey;
        _auditLog = auditLog;
    }

    /// <summary>The signing keys.</summary>
    public KeyRing Keys => _services.GetRequiredService<KeyRing>();

    /// <summary>The people.</summary>
    public UserAdministration Users => _services.GetRequiredService<UserAdministration>();

    /// <summary>The programs that may ask for tokens.</summary>
    public ClientAdministration Clients => _services.GetRequiredService<ClientAdministration>();

    /// <summary>What takes tokens back.</summary>
    public Revocations Revocations => _services.GetRequiredService<Revocations>();

    /// <summary>What was taken back.</summary>
    public IRevocationList RevocationList => _services.GetRequiredService<IRevocationList>();

    /// <summary>Where changes are recorded.</summary>
    public AdministrationAudit Audit => _services.GetRequiredService<AdministrationAudit>();

    /// <summary>Opens it for a command that changes something, which is recorded: no audit, no change.</summary>
    /// <exception cref="CommandFailedException">The authority is off, its database can't be used, or the audit log can't be written.</exception>
    public static async Task<LocalAuthority> OpenAsync(Installation installation, CancellationToken cancellationToken)
    {
        Require(installation);
        installation.MakeDirectories();
        var auditKey = installation.OpenAuditKey();
        try
        {
            return await OpenAsync(installation, auditKey, await OpenAuditAsync(installation, auditKey, cancellationToken), cancellationToken);
        }
        catch
        {
            auditKey.Dispose();
            throw;
        }
    }

    /// <summary>Opens it for a command that only looks.</summary>
    /// <exception cref="CommandFailedException">The authority is off, or its database can't be used.</exception>
    public static Task<LocalAuthority> OpenToReadAsync(Installation installation, CancellationToken cancellationToken)
    {
        Require(installation);
        installation.MakeDirectories();
        return OpenAsync(installation, null, null, cancellationToken);
    }

    /// <summary>Opens it to look, where it is on and there is something to see; makes nothing.</summary>
    public static async Task<LocalAuthority?> OpenIfThereAsync(Installation installation, CancellationToken cancellationToken)
        => installation.Configuration.Authority.Enabled && (HasDatabase(installation) || File.Exists(installation.SigningKeyPath))
            ? await OpenAsync(installation, null, null, cancellationToken)
            : null;

    /// <summary>Whether an exception says that the database is away or refuses.</summary>
    public static bool IsDatabaseProblem(Exception exception) => exception is DbException || exception.InnerException is DbException or TimeoutException;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (_auditLog is not null)
        {
            await _auditLog.DisposeAsync();
        }

        _auditKey?.Dispose();
    }

    private static void Require(Installation installation)
    {
        if (!installation.Configuration.Authority.Enabled)
        {
            throw new CommandFailedException("authority.enabled is false: this installation has no users, clients or keys of its own, and issues no tokens.");
        }
    }

    private static bool HasDatabase(Installation installation)
    {
        var database = installation.Configuration.Database;
        return !database.Contains("Data Source", StringComparison.OrdinalIgnoreCase) || File.Exists(new SqliteConnectionStringBuilder(database).DataSource);
    }

    private static async Task<AuditLog?> OpenAuditAsync(Installation installation, AuditSigningKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await CommandAudit.OpenAsync(installation, key, cancellationToken);
        }
        catch (AuditUnavailableException exception) when (installation.Configuration.Audit.Required)
        {
            throw new CommandFailedException($"The audit log can't be written, so nothing is changed: {exception.Message}");
        }
        catch (AuditUnavailableException)
        {
            // audit.required is off: the operator has chosen so.
            return null;
        }
    }

    private static async Task<LocalAuthority> OpenAsync(Installation installation, AuditSigningKey? auditKey, AuditLog? auditLog, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services.AddSingleton(installation.TimeProvider);
        if (auditLog is not null)
        {
            services.AddSingleton(auditLog);
        }

        services.AddSingleton<AdministrationAudit>();
        services.AddSingleton(MachineUser.Current);
        AuthorityComposition.AddTokens(services, installation, () => AccessPolicy.Empty);
        var authority = new LocalAuthority(services.BuildServiceProvider(), auditKey, auditLog);
        try
        {
            await AuthorityComposition.PrepareAsync(authority._services, makeAdministrator: false, cancellationToken);
            return authority;
        }
        catch
        {
            await authority.DisposeAsync();
            throw;
        }
    }
}
