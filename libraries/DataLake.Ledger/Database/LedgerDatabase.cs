using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace DataLake.Ledger.Database;

/// <summary>Opens the ledger, and brings it to this program's version.</summary>
public static class LedgerDatabase
{
    private const long MigrationLock = 0x6461_7461_6c61_6b65; // "datalake"
    private const string HistoryTable = "schema_migrations";

    // Another program may be migrating a large ledger.
    private const int LongestWaitSeconds = 600;

    /// <summary>Sets up a context for the ledger in <paramref name="dataSource"/>'s database.</summary>
    public static void Configure(DbContextOptionsBuilder options, NpgsqlDataSource dataSource)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.UseNpgsql(dataSource, npgsql => npgsql.MigrationsHistoryTable(HistoryTable, LedgerContext.Schema));
        // Migrations are written by hand, so there is no model snapshot to compare with.
        options.ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning));
    }

    /// <summary>Applies the migrations that are missing, once, however many programs start at the same time.</summary>
    /// <exception cref="LedgerException">The ledger cannot be reached, or was made by a newer version of this program.</exception>
    public static async Task MigrateAsync(NpgsqlDataSource dataSource, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(cancellation);
            await ExecuteAsync(connection, $"SELECT pg_advisory_lock({MigrationLock})", cancellation);
            try
            {
                await ExecuteAsync(connection, $"CREATE SCHEMA IF NOT EXISTS {LedgerContext.Schema}", cancellation);
                var options = new DbContextOptionsBuilder<LedgerContext>();
                Configure(options, dataSource);
                await using var context = new LedgerContext(options.Options);
                var known = context.Database.GetMigrations().ToHashSet();
                var unknown = (await context.Database.GetAppliedMigrationsAsync(cancellation)).FirstOrDefault(applied => !known.Contains(applied));
                if (unknown is not null)
                {
                    throw new LedgerException(LedgerErrorKind.Newer,
                        $"The ledger was made by a newer version of DataLake (it has the migration '{unknown}'). Run that version, or give another database with --ledger.");
                }

                await context.Database.MigrateAsync(cancellation);
            }
            finally
            {
                await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({MigrationLock})", CancellationToken.None);
            }
        }
        catch (NpgsqlException error)
        {
            throw LedgerException.Unreachable(error);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = LongestWaitSeconds };
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
