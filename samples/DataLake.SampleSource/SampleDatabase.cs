using Npgsql;

namespace DataLake.SampleSource;

/// <summary>The sample's operational database: deposits, investments, loans and shipments.</summary>
public static class SampleDatabase
{
    /// <summary>The database's usual name.</summary>
    public const string Name = "operations";

    // Two creations at a time would meet at the first CREATE TABLE; the second waits here instead. The number means nothing.
    private const long CreationLock = 7_215_001_734;

    /// <summary>The tables, all in schema public.</summary>
    public static IReadOnlyList<string> Tables { get; } = [.. SampleTable.All.Select(table => table.Name)];

    /// <summary>Creates and fills the tables in one transaction, so that they are there with all their rows or not at all.</summary>
    /// <param name="connectionString">To an existing database; its user may create tables in schema public.</param>
    /// <param name="options">What the tables hold.</param>
    /// <param name="progress">Told the number of rows done, now and then.</param>
    /// <param name="cancellationToken">Ends the creation, which then left nothing.</param>
    /// <returns>False when the tables were there already.</returns>
    /// <exception cref="InvalidOperationException">Some of the tables are there but not all: they are not this sample's.</exception>
    public static async Task<bool> CreateAsync(
        string connectionString, SampleOptions options, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Rows);

        var settings = new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0, Pooling = false };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({CreationLock})", cancellationToken);
        if (await IsThereAsync(connection, cancellationToken))
        {
            return false;
        }

        await ExecuteAsync(connection, Script("tables.sql"), cancellationToken);
        var done = 0L;
        for (var stream = 0; stream < SampleTable.All.Length; stream++)
        {
            await FillAsync(connection, SampleTable.All[stream], stream, options, done, progress, cancellationToken);
            done += SampleTable.All[stream].RowsOf(options.Rows);
        }

        await ExecuteAsync(connection, "SET LOCAL maintenance_work_mem = '128MB'", cancellationToken);
        await ExecuteAsync(connection, Script("keys.sql"), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        progress?.Report(done);
        return true;
    }

    private static async Task<bool> IsThereAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename = ANY($1) ORDER BY tablename", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = Tables.ToArray() });
        var found = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            found.Add(reader.GetString(0));
        }

        if (found.Count > 0 && found.Count < SampleTable.All.Length)
        {
            throw new InvalidOperationException(
                $"The database {connection.Database} has tables of its own named {string.Join(", ", found)}: " +
                "the sample is not created beside them. Use an empty database.");
        }

        return found.Count > 0;
    }

    private static async Task FillAsync(
        NpgsqlConnection connection, SampleTable table, int stream, SampleOptions options, long doneBefore, IProgress<long>? progress, CancellationToken cancel)
    {
        var rows = table.RowsOf(options.Rows);
        var asOf = options.AsOf.UtcDateTime;
        asOf = asOf.AddTicks(-(asOf.Ticks % TimeSpan.TicksPerMicrosecond));
        var buffer = new CopyRowBuffer();

        // FREEZE: the table is this transaction's own, so its rows need no later vacuum.
        await using var copy = await connection.BeginRawBinaryCopyAsync($"COPY public.{table.Name} FROM STDIN (FORMAT binary, FREEZE)", cancel);
        buffer.Begin();
        for (var id = 1L; id <= rows; id++)
        {
            var random = new SampleRandom(options.Seed, stream, id);
            var moments = SampleMoments.Of(id, rows, asOf, ref random);
            buffer.StartRow(table.Columns);
            table.Write(buffer, id, moments, ref random);
            if (buffer.IsFull)
            {
                await copy.WriteAsync(buffer.Written, cancel);
                buffer.Clear();
                progress?.Report(doneBefore + id);
            }
        }

        buffer.End();
        await copy.WriteAsync(buffer.Written, cancel);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static string Script(string name)
    {
        using var stream = typeof(SampleDatabase).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
