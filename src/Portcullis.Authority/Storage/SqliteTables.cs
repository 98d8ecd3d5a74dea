namespace Portcullis.Authority.Storage;

/// <summary>
/// Makes the tables of a SQLite database without EF, whose model takes longer to build than all the rest of a first start. The script beside this file is what EF makes of that model; a
/// test compares, and with <c>PORTCULLIS_UPDATE_REFERENCE=1</c> writes it anew.
/// </summary>
internal static class SqliteTables
{
    /// <summary>The statements that make the present shape.</summary>
    public static string Script
    {
        get
        {
            using Stream stream = typeof(SqliteTables).Assembly.GetManifestResourceStream(typeof(SqliteTables), "SqliteTables.sql")!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }

    /// <summary>Makes the tables where there are none.</summary>
    public static Task MakeAsync(PlainDatabase database, TimeProvider clock, CancellationToken cancellationToken) =>
        database.MakeTablesAsync(Script, FirstRows.Of(new SchemaVersionRow { Version = DatabaseSchema.CurrentVersion, AppliedAt = clock.GetUtcNow() }), cancellationToken);
}
