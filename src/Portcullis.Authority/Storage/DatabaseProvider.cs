using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

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
            UsePostgreSql(builder, ConnectionString(connectionString));
        }
        else
        {
            builder.UseSqlite(ConnectionString(connectionString));
        }

        builder.UseOpenIddict();
    }

    /// <summary>Makes a connection, which is not open yet.</summary>
    /// <param name="connectionString">From <see cref="ConnectionString"/>.</param>
    public static DbConnection Connect(string connectionString) => IsPostgreSql(connectionString) ? ConnectPostgreSql(connectionString) : new SqliteConnection(connectionString);

    // Methods of their own: who uses SQLite has the other's library neither loaded nor in memory.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UsePostgreSql(DbContextOptionsBuilder builder, string connectionString) => builder.UseNpgsql(connectionString);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static NpgsqlConnection ConnectPostgreSql(string connectionString) => new(connectionString);

    /// <summary>The connection string as every connection uses it.</summary>
    public static string ConnectionString(string connectionString) => IsPostgreSql(connectionString)
        ? PostgreSql(connectionString)

        // Ten seconds for a lock, not thirty: whoever waits longer for a token is better served by a 503.
        : new SqliteConnectionStringBuilder(connectionString) { DefaultTimeout = 10 }.ConnectionString;

    // No statement here leaves anything behind in its connection, so there is nothing to reset, which would be a round trip and forget what was prepared. Preparing is left to the connection
    // string where it says something of it: a pooler between here and the server may not like it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string PostgreSql(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        var said = new DbConnectionStringBuilder { ConnectionString = connectionString };
        if (!said.ContainsKey("Max Auto Prepare") && !said.ContainsKey("MaxAutoPrepare"))
        {
            settings.MaxAutoPrepare = 64;
            settings.NoResetOnClose = true;
        }

        return settings.ConnectionString;
    }

    /// <summary>Makes a SQLite file that is not there yet, readable by its owner alone. SQLite gives the files beside it the same mode.</summary>
    public static void MakeFile(string connectionString)
    {
        if (IsPostgreSql(connectionString))
        {
            return;
        }

        var settings = new SqliteConnectionStringBuilder(connectionString);
        var path = Path.GetFullPath(settings.DataSource);
        if (settings.Mode is SqliteOpenMode.Memory or SqliteOpenMode.ReadOnly || settings.DataSource is "" or ":memory:" || File.Exists(path))
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var make = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            make.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        new FileStream(path, make).Dispose();
    }
}
