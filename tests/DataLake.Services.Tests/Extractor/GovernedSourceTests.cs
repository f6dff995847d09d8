using System.Diagnostics.Metrics;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Npgsql;

namespace DataLake.Services.Tests.Extractor;

/// <summary>The source is spared: runs wait while it is busy, a replica is read in its place, and its administrators see who reads.</summary>
public sealed class GovernedSourceTests(TestPostgres postgres)
{
    [Fact]
    public async Task A_run_waits_while_the_source_is_busy_and_log_and_metric_tell_of_it()
    {
        var waited = 0.0;
        using var listener = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            if (instrument.Name == "datalake.source.waited" && tags.ToArray().Contains(new("table", "public.jammed")))
            {
                waited += value;
            }
        });
        listener.Start();
        await using var lake = await LakeSystem.CreateAsync(postgres, "CREATE TABLE jammed (id int); INSERT INTO jammed VALUES (1); CREATE TABLE other (id int)");
        lake.Define(" - { table: jammed, timeout: 30d }", source: "max_connections: 4, limits: { active_sessions: 1000, replica_lag: 1000d, lock_waits: 0 }");
        lake.Settings["DataLake:Lease"] = "10:00:00";
        await using var holder = await SessionAsync(lake, "LOCK TABLE other");
        await using var waiter = await SessionAsync(lake, "SELECT 1");
        var waits = ExecuteAsync(waiter, "SELECT count(*) FROM other");
        await Eventually.Async(async () => await lake.Source.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'other'::regclass)"));

        await lake.StartAsync();
        await lake.RoundAsync();
        await Eventually.Async(() => Says(lake, "Reading the source of test waits: ") && Says(lake, "wait for a lock (limit 0)"));
        lake.Time.Advance(TimeSpan.FromMinutes(1));
        (await lake.OnlyRunAsync()).Status.ShouldBe(RunStatus.Extracting);
        lake.FilesOnDisk().ShouldBeEmpty();

        await holder.DisposeAsync();
        await waits;
        await Eventually.Async(async () =>
        {
            lake.Time.Advance(TimeSpan.FromSeconds(5));
            return (await lake.OnlyRunAsync()).Status == RunStatus.Committed;
        }, TimeSpan.FromSeconds(60));
        (await lake.ColumnAsync("public.jammed", "id")).ShouldBe([1]);
        Says(lake, "goes on slowly").ShouldBeTrue();
        Says(lake, "in all for the source to calm down").ShouldBeTrue();
        waited.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task With_a_replica_all_rows_come_from_it()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, "CREATE TABLE items (id int, at timestamptz)");
        await using var standby = await TestStandby.StartAsync(await postgres.ServerAsync());
        lake.WriteSecret("replica", standby.ConnectionString(lake.Source.Name));
        lake.Define(" - { table: items, cursor: at }", source: $"replica: \"file:{lake.Folder.In("replica")}\", max_connections: 4");
        await lake.Source.ExecuteAsync("INSERT INTO items VALUES (1, '2026-01-10 11:00Z')");
        await standby.CatchUpAsync();
        await standby.PauseAsync();
        await lake.Source.ExecuteAsync("INSERT INTO items VALUES (2, '2026-01-10 11:30Z')");
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.OnlyRunAsync()).Status.ShouldBe(RunStatus.Committed);
        // The primary has two by now; the clock of the test says nothing of replication.
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1]);
        await standby.ResumeAsync();
    }

    [Fact]
    public async Task The_sources_administrators_see_which_table_and_run_a_connection_reads()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, "CREATE TABLE gated (id int); INSERT INTO gated VALUES (1); CREATE VIEW slow AS SELECT id FROM gated WHERE gate()");
        lake.Define(" - { table: slow }");
        await lake.StartAsync();
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            var run = (await lake.OnlyRunAsync()).Id.ToString("N")[^8..];
            var seen = await lake.Source.ScalarAsync<string>("SELECT string_agg(application_name, ', ') FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'datalake extractor%'");
            seen.ShouldBe($"datalake extractor test public.slow {run}");
        }

        await lake.QuietAsync();
    }

    private static bool Says(LakeSystem lake, string words) => lake.Logs.Lines.Any(line => line.Text.Contains(words, StringComparison.Ordinal));

    private static async Task<NpgsqlConnection> SessionAsync(LakeSystem lake, string sql)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(lake.Source.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, "BEGIN; " + sql);
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}
