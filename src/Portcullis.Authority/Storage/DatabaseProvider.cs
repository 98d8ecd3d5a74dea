using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Portcullis.Authority.Storage;

/// <summary>Tells a SQLite connection string from a PostgreSQL one, and sets up EF for it.</summary>
internal static class DatabaseProvider
{
    /// <summary>PostgreSQL connection strings name a host (or are a <c>postgres://</c> URL, which Npgsql does not take); SQLite ones a data source.</summary>
    public static bool IsPostgreSql(string connectionString) =>
        connectionString.Split(';').Any(part => part.TrimStart().StartsWith("Host", StringComparison.OrdinalIgnoreCase)
                                             || part.TrimStart().StartsWith("Server", StringComparison.OrdinalIgnoreCase));

    public static void Configure(DbContextOptionsBuilder builder, string connectionString)
    {
        if (IsPostgreSql(connectionString))
        {
            builder.UseNpgsql(connectionString);
        }
        else
        {
            var settings = new SqliteConnectionStringBuilder(connectionString);
            if (Path.GetDirectoryName(Path.GetFullPath(settings.DataSource)) is { } folder && settings.Mode != SqliteOpenMode.Memory)
            {
                Directory.CreateDirectory(folder);
            }

            // Ten seconds for a lock, not thirty: whoever waits longer for a token is better served by a 503.
            settings.DefaultTimeout = 10;
            builder.UseSqlite(settings.ConnectionString);
        }

        builder.UseOpenIddict();
    }
}
