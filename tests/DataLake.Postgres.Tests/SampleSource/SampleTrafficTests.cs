using DataLake.EmbeddedPostgres;
using DataLake.Postgres.Tests.EmbeddedPostgres;
using DataLake.SampleSource;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.SampleSource;

public sealed class SampleTrafficTests(TestPostgres postgres)
{
    private static readonly SampleOptions Sample = new() { Rows = 1_000, AsOf = new DateTimeOffset(2025, 6, 1, 12, 0, 0, TimeSpan.Zero) };

    [Fact]
    public async Task Traffic_inserts_updates_deletes_and_commits_late_in_every_table()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await SampleDatabase.CreateAsync(database.ConnectionString, Sample);
        var traffic = new SampleTraffic(database.ConnectionString, new SampleTrafficOptions
        {
            OperationsPerSecond = 400,
            LateShare = 0.1,
            MaxLateness = TimeSpan.FromMilliseconds(300),
        });
        using var ending = new CancellationTokenSource();

        var running = traffic.RunAsync(ending.Token);
        await Eventually.ValueAsync(
            () => Task.FromResult(traffic.Counters),
            seen => seen is { Inserted: > 40, Updated: > 40, Deleted: > 10, CommittedLate: > 5 });
        await ending.CancelAsync();
        await running;

        var done = traffic.Counters;
        done.Interrupted.ShouldBe(0);
        var rows = 0L;
        foreach (var table in SampleDatabase.Tables)
        {
            (await database.ScalarAsync<long>($"SELECT count(*) FROM {table} WHERE created_at > '2025-06-02Z'")).ShouldBeGreaterThan(0, table);
            (await database.ScalarAsync<long>($"SELECT count(*) FROM {table} WHERE created_at < '2025-06-02Z' AND updated_at > '2025-06-02Z'")).ShouldBeGreaterThan(0, table);
            rows += await database.ScalarAsync<long>($"SELECT count(*) FROM {table}");
        }

        rows.ShouldBe(Sample.Rows + done.Inserted - done.Deleted);
        (await database.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database.Name}' AND application_name = 'sample-traffic' AND state <> 'idle'"))
            .ShouldBe(0);
    }

    [Fact]
    public async Task A_late_commit_shows_rows_behind_the_clock_but_never_beyond_the_bound()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await SampleDatabase.CreateAsync(database.ConnectionString, Sample);
        var bound = TimeSpan.FromMilliseconds(500);
        var traffic = new SampleTraffic(database.ConnectionString, new SampleTrafficOptions { OperationsPerSecond = 100, LateShare = 1, MaxLateness = bound });
        using var ending = new CancellationTokenSource();
        var running = traffic.RunAsync(ending.Token);

        var seen = new HashSet<DateTime>();
        var before = DateTime.MinValue;
        var provenLate = 0;
        await Eventually.Async(async () =>
        {
            var asked = await database.ScalarAsync<DateTime>("SELECT clock_timestamp()");
            foreach (var updatedAt in await UpdatesAsync(database))
            {
                // It was stamped before the last look, and that look did not see it.
                if (seen.Add(updatedAt) && updatedAt < before)
                {
                    provenLate++;
                    (before - updatedAt).ShouldBeLessThan(bound);
                }
            }

            before = asked;
            return provenLate >= 5;
        });
        await ending.CancelAsync();
        await running;

        traffic.Counters.CommittedLate.ShouldBeGreaterThanOrEqualTo(provenLate);
    }

    [Fact]
    public void The_same_seed_chooses_the_same_operations()
    {
        var options = new SampleTrafficOptions();

        var chosen = Enumerable.Range(1, 1_000).Select(number => TrafficOperation.Choose(number, options)).ToList();

        chosen.ShouldBe(Enumerable.Range(1, 1_000).Select(number => TrafficOperation.Choose(number, options)));
        chosen.ShouldNotBe(Enumerable.Range(1, 1_000).Select(number => TrafficOperation.Choose(number, options with { Seed = 2 })));
        chosen.ShouldAllBe(operation => operation.Hold < options.MaxLateness);
        chosen.Count(operation => operation.Hold > TimeSpan.Zero).ShouldBeInRange(10, 60);
    }

    [Fact]
    public async Task Traffic_goes_on_after_the_source_was_restarted()
    {
        using var folder = new ServerFolder();
        var server = await folder.StartAsync();
        try
        {
            await server.EnsureDatabaseAsync(SampleDatabase.Name);
            await SampleDatabase.CreateAsync(server.ConnectionString(SampleDatabase.Name), Sample);
            var traffic = new SampleTraffic(server.ConnectionString(SampleDatabase.Name), new SampleTrafficOptions { OperationsPerSecond = 100 });
            using var ending = new CancellationTokenSource();
            var running = traffic.RunAsync(ending.Token);
            await Eventually.Async(() => traffic.Counters.Updated > 5);

            await server.DisposeAsync();
            await Eventually.Async(() => traffic.Counters.Interrupted > 0);
            server = await EmbeddedPostgresServer.StartAsync(folder.Options);
            var atRestart = traffic.Counters.Updated;

            await Eventually.Async(() => traffic.Counters.Updated > atRestart + 5);
            await ending.CancelAsync();
            await running;
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Traffic_without_the_samples_tables_fails_at_once()
    {
        await using var database = await postgres.CreateDatabaseAsync();

        var error = await Should.ThrowAsync<PostgresException>(() => new SampleTraffic(database.ConnectionString).RunAsync(CancellationToken.None));

        error.SqlState.ShouldBe(PostgresErrorCodes.UndefinedTable);
    }

    private static async Task<List<DateTime>> UpdatesAsync(TestDatabase database)
    {
        var union = string.Join(" UNION ALL ", SampleDatabase.Tables.Select(table => $"SELECT updated_at FROM {table} WHERE updated_at > '2025-06-02Z'"));
        await using var command = database.DataSource.CreateCommand(union);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<DateTime>();
        while (await reader.ReadAsync())
        {
            found.Add(reader.GetDateTime(0));
        }

        return found;
    }
}
