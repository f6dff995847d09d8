using DataLake.SampleSource;
using DataLake.Testing;
using Shouldly;

namespace DataLake.EndToEnd.Tests.Lake;

public sealed class TrafficTests(TestPostgres postgres)
{
    private const string Definition =
        """
        pipeline: operations
        source:
          connection: env:DATALAKE_SOURCE
        tables:
          - table: public.shipments
            cursor: updated_at
            key: [shipment_id]
            schedule: "* * * * * ?"
            lag: 4s
            chunks: { column: shipment_id, lower: 1, upper: 3000, count: 2 }
        """;

    /// <summary>Keeps every version that a row ever had, so that what was read can be held against what was there.</summary>
    private const string History =
        """
        CREATE TABLE history AS TABLE shipments;
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO history SELECT NEW.*; RETURN NULL; END';
        CREATE TRIGGER keep AFTER INSERT OR UPDATE ON shipments FOR EACH ROW EXECUTE FUNCTION keep();
        """;

    [Fact]
    public async Task While_the_source_is_busy_the_lake_has_exactly_the_rows_of_its_committed_windows()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition);
        await lake.Source.ExecuteAsync(History);
        var traffic = new SampleTraffic(lake.Source.ConnectionString, new SampleTrafficOptions { OperationsPerSecond = 150, MaxLateness = TimeSpan.FromSeconds(2), LateShare = 0.05 });
        using var stop = new CancellationTokenSource();
        var running = traffic.RunAsync(stop.Token);
        await using (var host = lake.Start())
        {
            await Eventually.Async(async () => traffic.Counters is { Updated: > 100, Inserted: > 100, Deleted: > 10, CommittedLate: > 5 } && await CommittedAsync(lake) >= 9,
                TimeSpan.FromSeconds(90));
            host.AskToStop();
            (await host.EndAsync()).ShouldBe(0, host.Everything);
        }

        await stop.CancelAsync();
        await running;

        var files = await lake.FilesAsync("public.shipments");
        var completeTo = await lake.Ledger.ScalarAsync<string>(
            "SELECT to_char(max(window_to) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' FROM datalake.runs WHERE status = 'Committed'");

        // Every row of the lake is a version that a row of the source really had, and none is there twice.
        (await lake.CompareAsync("SELECT * FROM history", files)).OnlyInLake.ShouldBe(0);
        // Every row of the source that was last changed before the lake's end is in the lake, as it is: none was lost, late commits included.
        (await lake.CompareAsync($"SELECT * FROM shipments WHERE updated_at < '{completeTo}'", files)).OnlyInSource.ShouldBe(0);
        // Windows touch and do not overlap.
        (await lake.Ledger.ScalarAsync<long>(
            """
            SELECT count(*) FROM (SELECT window_from, lag(window_to) OVER (ORDER BY window_to) AS before FROM datalake.runs) w
            WHERE before IS NOT NULL AND window_from <> before
            """)).ShouldBe(0);
    }

    private static async Task<long> CommittedAsync(OperationsLake lake) => await lake.Ledger.ScalarAsync<bool>("SELECT to_regclass('datalake.runs') IS NULL")
        ? 0
        : await lake.Ledger.ScalarAsync<long>("SELECT count(*) FROM datalake.runs WHERE status = 'Committed'");
}
