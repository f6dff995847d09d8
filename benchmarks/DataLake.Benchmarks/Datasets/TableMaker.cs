using Npgsql;

namespace DataLake.Benchmarks.Datasets;

/// <summary>Makes the source's tables, a batch of rows at a time so that people see it move. A table that has its rows already is left as it is.</summary>
internal sealed class TableMaker(string connectionString, Action<string> doing)
{
    /// <summary>Makes a table.</summary>
    /// <param name="dataset">What is in it.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="cancellation">Gives up; a table that is half full is made anew the next time.</param>
    public async Task MakeAsync(Dataset dataset, long rows, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var connection = await source.OpenConnectionAsync(cancellation);
        if (await ScalarAsync(connection, $"SELECT to_regclass('{dataset.Name}') IS NOT NULL", cancellation) is true
            && await ScalarAsync(connection, $"SELECT count(*) FROM {dataset.Name}", cancellation) is long found && found == rows)
        {
            return;
        }

        await ScalarAsync(connection, $"DROP TABLE IF EXISTS {dataset.Name}; {dataset.CreateSql}; SELECT setseed(0.42)", cancellation);
        for (var first = 1L; first <= rows; first += dataset.Batch)
        {
            if (rows > dataset.Batch)
            {
                doing($"{dataset.Name}: makes row {first:N0} of {rows:N0}");
            }

            await ScalarAsync(connection, dataset.FillSql(first, Math.Min(rows, first + dataset.Batch - 1)), cancellation);
        }

        // So that nobody who reads the table has to mark its rows as seen.
        await ScalarAsync(connection, $"VACUUM {dataset.Name}", cancellation);
    }

    /// <summary>Removes tables.</summary>
    public async Task DropAsync(IEnumerable<string> tables, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var connection = await source.OpenConnectionAsync(cancellation);
        foreach (var table in tables)
        {
            await ScalarAsync(connection, $"DROP TABLE IF EXISTS {table}", cancellation);
        }
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return await command.ExecuteScalarAsync(cancellation);
    }
}
