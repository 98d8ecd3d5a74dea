using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Portcullis.Authority.Storage;

/// <summary>
/// Brings the tables to the shape this program expects. An empty database gets the present shape at once; an older one is taken there step by step;
/// a newer one is refused, because an old program would misread it.
/// </summary>
internal static class DatabaseSchema
{
    /// <summary>The shape this program works with. Raising it takes a line in <see cref="Steps"/>.</summary>
    public const int CurrentVersion = 3;

    // From version n to n + 1: one script for both databases, kept to SQL that both take.
    private static readonly Dictionary<int, string> Steps = new()
    {
        [1] = """CREATE TABLE "UsedAssertions" ("Hash" text NOT NULL CONSTRAINT "PK_UsedAssertions" PRIMARY KEY, "ExpiresAt" bigint NOT NULL)""",
        [2] = """ALTER TABLE "AspNetUsers" ADD COLUMN "AdministratorBy" text NULL""",
    };

    // Any number will do, as long as every node asks for the same one.
    private const long AdvisoryLock = 0x706f7274;

    public static async Task PrepareAsync(AuthorityDbContext database, TimeProvider clock, CancellationToken cancellationToken)
    {
        var sqlite = database.Database.IsSqlite();
        var creator = (RelationalDatabaseCreator)database.GetService<IDatabaseCreator>();
        if (sqlite)
        {
            await database.Database.OpenConnectionAsync(cancellationToken);

            // Readers and the one writer no longer wait for each other. Remembered by the file itself.
            await database.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", cancellationToken);
        }
        else if (!await creator.ExistsAsync(cancellationToken))
        {
            await creator.CreateAsync(cancellationToken);
        }

        await using var transaction = await database.Database.BeginTransactionAsync(cancellationToken);
        if (!sqlite)
        {
            // Nodes that start together take turns; SQLite's write transaction does that by itself.
            await database.Database.ExecuteSqlRawAsync($"SELECT pg_advisory_xact_lock({AdvisoryLock})", cancellationToken);
        }

        var version = await ReadVersionAsync(database, sqlite, cancellationToken);
        RefuseNewer(version);
        if (version == 0)
        {
            await database.Database.ExecuteSqlRawAsync(creator.GenerateCreateScript().Replace("{", "{{").Replace("}", "}}"), cancellationToken);
        }
        else
        {
            for (var step = version; step < CurrentVersion; step++)
            {
                await database.Database.ExecuteSqlRawAsync(Steps[step], cancellationToken);
            }
        }

        if (version < CurrentVersion)
        {
            database.SchemaVersions.Add(new SchemaVersionRow { Version = CurrentVersion, AppliedAt = clock.GetUtcNow() });
            await database.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>An old program would misread a newer one's tables.</summary>
    public static void RefuseNewer(int version)
    {
        if (version > CurrentVersion)
        {
            throw new AuthorityDatabaseException(
                $"The database was written by a newer Portcullis (schema {version}; this program knows {CurrentVersion}). Start that version, or restore an older copy.");
        }
    }

    private static async Task<int> ReadVersionAsync(AuthorityDbContext database, bool sqlite, CancellationToken cancellationToken)
    {
        if (await ScalarAsync(database, sqlite
                ? "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'SchemaVersion'"
                : "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'SchemaVersion'", cancellationToken) == 0)
        {
            return 0;
        }

        return (int)await ScalarAsync(database, "SELECT COALESCE(MAX(\"Version\"), 0) FROM \"SchemaVersion\"", cancellationToken);
    }

    private static async Task<long> ScalarAsync(AuthorityDbContext database, string sql, CancellationToken cancellationToken)
    {
        await using DbCommand command = database.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        command.Transaction = database.Database.CurrentTransaction?.GetDbTransaction();
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), System.Globalization.CultureInfo.InvariantCulture);
    }
}
