using Npgsql;

namespace DataLake.Benchmarks.Latency;

/// <summary>A source table into which rows come evenly, ten times a second.</summary>
internal sealed class EventSource(NpgsqlDataSource source)
{
    private const int InsertsPerSecond = 10;

    /// <summary>The pipeline that reads it: a window every second, and else what a definition has that says nothing.</summary>
    public const string Pipeline =
        """
        pipeline: latency
        source: { connection: env:DATALAKE_SOURCE }
        tables:
          - table: public.events
            cursor: updated_at
            key: [event_id]
            schedule: "* * * * * ?"
        """;

    public async Task CreateAsync(CancellationToken cancellation)
    {
        await using var command = source.CreateCommand(
            """
            DROP TABLE IF EXISTS events;
            CREATE TABLE events (event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, updated_at timestamptz NOT NULL, customer integer NOT NULL, amount numeric(10,2), note text);
            CREATE INDEX ON events (updated_at);
            """);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Adds rows until it is cancelled.</summary>
    public async Task FillAsync(int rowsPerSecond, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / InsertsPerSecond));
        var (turn, added) = (0L, 0L);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                var rows = (++turn * rowsPerSecond / InsertsPerSecond) - added;
                await using var command = source.CreateCommand(
                    "INSERT INTO events (updated_at, customer, amount, note) SELECT clock_timestamp(), 1000 * random(), 100 * random(), md5(g::text) FROM generate_series(1, $1) g");
                command.Parameters.Add(new() { Value = rows });
                await command.ExecuteNonQueryAsync(stop);
                added += rows;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Enough.
        }
    }
}
