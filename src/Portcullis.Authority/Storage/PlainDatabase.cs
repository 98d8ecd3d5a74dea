using System.Data.Common;
using Portcullis.Authority.Keys;
using Portcullis.Authority.Revocations;

namespace Portcullis.Authority.Storage;

/// <summary>
/// The database without EF, for what is read before the first request is answered and twice a second after that: building EF's model takes longer than all the rest of a start, and most
/// requests need none of it.
/// </summary>
internal sealed class PlainDatabase(AuthorityOptions options)
{
    private readonly bool _postgreSql = DatabaseProvider.IsPostgreSql(options.EffectiveDatabase);
    private readonly string _connectionString = DatabaseProvider.ConnectionString(options.EffectiveDatabase);

    /// <summary>Whether the last use worked; metrics and readiness ask.</summary>
    public bool IsAvailable { get; private set; } = true;

    /// <summary>The version of the tables; 0 when there are none.</summary>
    public Task<int> ReadVersionAsync(CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        var there = await CountAsync(connection, _postgreSql
            ? "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'SchemaVersion'"
            : "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'SchemaVersion'", cancellationToken);
        return there == 0 ? 0 : (int)await CountAsync(connection, "SELECT COALESCE(MAX(\"Version\"), 0) FROM \"SchemaVersion\"", cancellationToken);
    });

    /// <summary>Makes the tables of a SQLite database that has none, all or nothing. Of processes that start together, the first does.</summary>
    /// <param name="script">The statements.</param>
    /// <param name="version">The row that says which shape they make.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task MakeTablesAsync(string script, PlainRow version, CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        // Readers and the one writer do not wait for each other. Remembered by the file itself.
        await ExecuteAsync(connection, "PRAGMA journal_mode=WAL", cancellationToken);

        // Takes the write lock at once.
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await CountAsync(connection, "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'SchemaVersion'", cancellationToken) == 0)
        {
            await ExecuteAsync(connection, script, cancellationToken);
            await InsertAsync(connection, version, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    });

    /// <summary>Writes rows that are not there yet, all or none.</summary>
    public Task InsertAsync(IReadOnlyList<PlainRow> rows, CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        foreach (PlainRow row in rows)
        {
            await InsertAsync(connection, row, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    });

    /// <summary>Every key of the ring.</summary>
    public Task<List<KeyRow>> ReadKeysAsync(CancellationToken cancellationToken) => ReadAsync(
        """SELECT "KeyId", "Algorithm", "ProtectedKey", "CreatedAt", "SignsFrom", "VerifiesUntil", "RevokedAt" FROM "SigningKeys" ORDER BY "KeyId" """,
        reader => new KeyRow
        {
            KeyId = reader.GetString(0),
            Algorithm = reader.GetString(1),
            ProtectedKey = (byte[])reader.GetValue(2),
            CreatedAt = Time(reader, 3),
            SignsFrom = Time(reader, 4),
            VerifiesUntil = reader.IsDBNull(5) ? null : Time(reader, 5),
            RevokedAt = reader.IsDBNull(6) ? null : Time(reader, 6),
        },
        cancellationToken);

    /// <summary>The revocations after a row's number. All that are there: which of them still concern a token, no single clock on a wall decides.</summary>
    public Task<List<RevocationRow>> ReadRevocationsAsync(long after, CancellationToken cancellationToken) => ReadAsync(
        """SELECT "Id", "Kind", "Value", "CreatedAt", "ExpiresAt" FROM "Revocations" WHERE "Id" > @after""",
        reader => new RevocationRow
        {
            Id = reader.GetInt64(0), Kind = (RevocationKind)reader.GetInt32(1), Value = reader.GetString(2), CreatedAt = Time(reader, 3), ExpiresAt = Time(reader, 4),
        },
        cancellationToken,
        ("@after", after));

    /// <summary>Whether there is anybody.</summary>
    public Task<bool> HasPeopleAsync(CancellationToken cancellationToken) => UseAsync(async connection =>
        await CountAsync(connection, """SELECT COUNT(*) FROM (SELECT 1 FROM "AspNetUsers" LIMIT 1) AS someone""", cancellationToken) > 0);

    /// <summary>The ids of all clients.</summary>
    public Task<List<string>> ReadClientIdsAsync(CancellationToken cancellationToken) => ReadAsync(
        """SELECT "ClientId" FROM "OpenIddictApplications" """, reader => reader.GetString(0), cancellationToken);

    /// <summary>Writes down that a client's assertion was shown. Of two that come at once, on any nodes, one is the first.</summary>
    /// <returns>Whether it was shown for the first time.</returns>
    public Task<bool> TryUseAssertionAsync(string hash, DateTimeOffset expiresAt, CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        await using DbCommand command = Command(
            connection, """INSERT INTO "UsedAssertions" ("Hash", "ExpiresAt") VALUES (@hash, @expires) ON CONFLICT ("Hash") DO NOTHING""",
            ("@hash", hash), ("@expires", expiresAt.ToUnixTimeMilliseconds()));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    });

    /// <summary>Throws away what has run out. A clock that is wrong makes people sign in again; it lets nobody in.</summary>
    public Task RemoveExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        foreach (var table in new[] { "Sessions", "Enrolments" })
        {
            await using DbCommand command = Command(connection, $"DELETE FROM \"{table}\" WHERE \"ExpiresAt\" <= @now", ("@now", now.ToUnixTimeMilliseconds()));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return true;
    });

    /// <summary>Throws away used assertions that ran out before a moment.</summary>
    public Task RemoveAssertionsAsync(DateTimeOffset before, CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        await using DbCommand command = Command(connection, """DELETE FROM "UsedAssertions" WHERE "ExpiresAt" <= @before""", ("@before", before.ToUnixTimeMilliseconds()));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    });

    /// <summary>Throws away revocations, by their rows' numbers.</summary>
    public Task RemoveRevocationsAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        foreach (var id in ids)
        {
            await using DbCommand command = Command(connection, """DELETE FROM "Revocations" WHERE "Id" = @id""", ("@id", id));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return true;
    });

    private static DateTimeOffset Time(DbDataReader reader, int column) => DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));

    private static DbCommand Command(DbConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static async Task InsertAsync(DbConnection connection, PlainRow row, CancellationToken cancellationToken)
    {
        (string Column, object Value)[] columns = [.. row.Columns.Where(column => column.Value is not null).Select(column => (column.Column, column.Value!))];
        var sql = $"INSERT INTO \"{row.Table}\" ({string.Join(", ", columns.Select(column => $"\"{column.Column}\""))}) VALUES ({string.Join(", ", columns.Select(column => "@" + column.Column))})";
        await using DbCommand command = Command(connection, sql, [.. columns.Select(column => ("@" + column.Column, column.Value))]);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using DbCommand command = Command(connection, sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<long> CountAsync(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using DbCommand command = Command(connection, sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), System.Globalization.CultureInfo.InvariantCulture);
    }

    private Task<List<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> make, CancellationToken cancellationToken, params (string Name, object Value)[] parameters) => UseAsync(async connection =>
    {
        await using DbCommand command = Command(connection, sql, parameters);
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(make(reader));
        }

        return rows;
    });

    private async Task<T> UseAsync<T>(Func<DbConnection, Task<T>> use)
    {
        try
        {
            await using DbConnection connection = DatabaseProvider.Connect(_connectionString);
            await connection.OpenAsync();
            T result = await use(connection);
            IsAvailable = true;
            return result;
        }
        catch (Exception exception) when (exception is DbException or TimeoutException or InvalidOperationException)
        {
            IsAvailable = false;
            throw;
        }
    }
}
