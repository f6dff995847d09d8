using DataLake.Contracts;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Governor;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Tests.Governor;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Connections;

/// <summary>A real standby: what it shows, how far its clock reaches, and what happens when it falls behind or breaks a read off.</summary>
public sealed class StandbyTests(StandbyTests.Pair pair) : IClassFixture<StandbyTests.Pair>
{
    [Fact(Timeout = 60_000)]
    public async Task The_clock_stops_where_replay_stopped_and_goes_on_with_it()
    {
        await pair.Primary.ExecuteAsync("CREATE TABLE clocks (at timestamptz)");
        await pair.Standby.CatchUpAsync();
        await pair.Standby.PauseAsync();
        DateTimeOffset stopped;
        try
        {
            await pair.Primary.ExecuteAsync("INSERT INTO clocks VALUES (clock_timestamp())");
            var missing = await pair.Primary.ScalarAsync<DateTime>("SELECT at FROM clocks");
            stopped = await pair.Replica().ClockAsync(CancellationToken.None);
            stopped.UtcDateTime.ShouldBeLessThan(missing);
            (await pair.Replica().ClockAsync(CancellationToken.None)).ShouldBe(stopped);
        }
        finally
        {
            await pair.Standby.ResumeAsync();
        }

        await pair.Standby.CatchUpAsync();
        (await pair.Replica().ClockAsync(CancellationToken.None)).ShouldBeGreaterThan(stopped);
    }

    [Fact(Timeout = 60_000)]
    public async Task On_a_quiet_primary_the_clock_goes_on_because_nothing_is_missing()
    {
        await pair.Primary.ExecuteAsync("SELECT pg_current_xact_id()"); // The last commit for a while.
        await pair.Standby.CatchUpAsync();
        var last = await pair.Standby.ScalarAsync<DateTime>("SELECT pg_last_xact_replay_timestamp()");
        // Two seconds after it the standby alone is no longer good enough, and its primary is asked.
        await Eventually.Async(async () => (await pair.Replica().ClockAsync(CancellationToken.None)).UtcDateTime > last.AddSeconds(2));
        (await new SourceConnections(pair.Standby.ConnectionString("postgres"), 1, "no primary").ClockAsync(CancellationToken.None)).UtcDateTime.ShouldBeLessThan(last.AddSeconds(1));
        var unreachable = new SourceConnections(pair.Standby.ConnectionString("postgres"), 1, "x", new SourceConnections("Host=127.0.0.1;Port=1;Username=x", 1, "x"));
        (await unreachable.ClockAsync(CancellationToken.None)).UtcDateTime.ShouldBeLessThan(last.AddSeconds(1));
    }

    [Fact(Timeout = 60_000)]
    public async Task All_connections_to_a_standby_see_one_instant_that_holds_every_row_of_the_window()
    {
        await pair.Primary.ExecuteAsync("CREATE TABLE things (id int); INSERT INTO things VALUES (1), (2)");
        await pair.Standby.CatchUpAsync();
        var replica = pair.Replica();
        var to = await replica.ClockAsync(CancellationToken.None);
        await using var snapshot = await SourceSnapshot.TakeAsync(replica, new SnapshotOptions { VisibleTo = to }, CancellationToken.None);
        snapshot.Lsn.ShouldNotBeNull();
        await pair.Primary.ExecuteAsync("INSERT INTO things VALUES (3)");
        await pair.Standby.CatchUpAsync();
        await using var second = (await snapshot.TryJoinAsync(CancellationToken.None)).ShouldNotBeNull();
        var table = await TableInspector.InspectAsync(second, new TableName("public", "things"), CancellationToken.None);
        table.Columns.ShouldHaveSingleItem();
        foreach (var connection in new[] { snapshot.Owner, second })
        {
            (await connection.QueryAsync("SELECT count(*) FROM things", [], CancellationToken.None))[0][0].ShouldBe("2");
        }

        (await pair.Primary.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'replica'")).ShouldBe(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_snapshot_that_would_miss_rows_of_its_window_is_not_taken()
    {
        await pair.Standby.CatchUpAsync();
        await pair.Standby.PauseAsync();
        try
        {
            await pair.Primary.ExecuteAsync("CREATE TABLE late (id int); INSERT INTO late VALUES (1)");
            var to = new DateTimeOffset(await pair.Primary.ScalarAsync<DateTime>("SELECT clock_timestamp()"));
            var error = await Should.ThrowAsync<SourceException>(() => SourceSnapshot.TakeAsync(pair.Replica(), new SnapshotOptions { VisibleTo = to }, CancellationToken.None));
            error.CanRetry.ShouldBeTrue();
            error.Message.ShouldContain("The replica has replayed its primary up to 20");
        }
        finally
        {
            await pair.Standby.ResumeAsync();
        }

        await pair.Standby.CatchUpAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_is_no_standby_is_refused_as_a_replica()
    {
        var promoted = new SourceConnections(pair.Primary.ConnectionString, 1, "promoted", new SourceConnections(pair.Primary.ConnectionString, 1, "primary"));
        var error = await Should.ThrowAsync<SourceException>(() => promoted.ClockAsync(CancellationToken.None));
        error.CanRetry.ShouldBeFalse();
        error.Message.ShouldContain("is no standby");
        error.Message.ShouldContain("take 'replica' out of the definition");
        (await Should.ThrowAsync<SourceException>(() => SourceSnapshot.TakeAsync(promoted, new SnapshotOptions { VisibleTo = DateTimeOffset.UnixEpoch }, CancellationToken.None))).Kind.ShouldBe(SourceErrorKind.Unfit);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_replica_that_falls_behind_is_waited_for()
    {
        var run = new GovernedRun(pair.Standby.ConnectionString("postgres"), GovernedRun.Wide with { ReplicaLag = TimeSpan.FromMilliseconds(1) });
        await pair.Standby.CatchUpAsync();
        await pair.Standby.PauseAsync();
        Task<int> running;
        try
        {
            await pair.Primary.ExecuteAsync("SELECT pg_current_xact_id()");
            await Eventually.Async(async () => await pair.Standby.ScalarAsync<bool>("SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"));
            running = run.Pace.RunAsync(_ => Task.FromResult(1), CancellationToken.None);
            await run.AdvanceUntilAsync(() => run.Pace.Waited >= TimeSpan.FromMinutes(1));
            running.IsCompleted.ShouldBeFalse();
            run.Changes[0].Reason.ShouldMatch(@"^a replica lag of [0-9.]+ s \(limit 0 s\)$");

            // Whoever reads the primary sees the same of its standby.
            var ofPrimary = new GovernedRun(pair.Primary.ConnectionString, GovernedRun.Wide with { ReplicaLag = TimeSpan.FromMilliseconds(1) });
            await ofPrimary.Governor.EnterAsync(CancellationToken.None);
            await Eventually.Async(async () =>
            {
                ofPrimary.Time.Advance(SourceGovernor.Interval);
                await ofPrimary.Governor.RefreshAsync(CancellationToken.None);
                return ofPrimary.Governor.Pace == Pace.Wait;
            });
            await ofPrimary.Governor.LeaveAsync();
        }
        finally
        {
            await pair.Standby.ResumeAsync();
        }

        await pair.Standby.CatchUpAsync();
        (await run.EndAsync(running)).ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_read_that_replay_breaks_off_is_tried_again_and_the_settings_that_help_are_named()
    {
        await pair.Primary.ExecuteAsync("CREATE TABLE conflicts (id bigint)");
        await pair.Standby.CatchUpAsync();
        await using var snapshot = await SourceSnapshot.TakeAsync(pair.Replica(), CancellationToken.None);
        await snapshot.Owner.ExecuteAsync("SELECT count(*) FROM conflicts", CancellationToken.None);
        await pair.Primary.ExecuteAsync("ALTER TABLE conflicts ADD COLUMN more int"); // Its replay waits for the reader, for as long as max_standby_streaming_delay says.
        var error = await Should.ThrowAsync<SourceException>(() => CopyReader.CopyAsync(
            snapshot.Owner, "SELECT pg_sleep(50)", "public.conflicts", [], copy => copy.ReadBatch(new RowDecoder([], [])), CancellationToken.None));
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("reading public.conflicts");
        error.Message.ShouldContain("hot_standby_feedback");
        error.Message.ShouldContain("max_standby_streaming_delay");
    }

    /// <summary>A primary and its standby.</summary>
    public sealed class Pair : IAsyncLifetime
    {
        public QuietServer Primary { get; } = new();

        public TestStandby Standby { get; private set; } = null!;

        public SourceConnections Replica() => new(Standby.ConnectionString("postgres"), 4, "replica", new SourceConnections(Primary.ConnectionString, 4, "primary"));

        public async ValueTask InitializeAsync()
        {
            await Primary.InitializeAsync();
            Standby = await TestStandby.StartAsync(Primary.Server, new Dictionary<string, string> { ["max_standby_streaming_delay"] = "200ms" });
            // Until it has replayed a commit a standby knows no time: whichever test comes first.
            await Primary.ExecuteAsync("SELECT pg_current_xact_id()");
        }

        public async ValueTask DisposeAsync()
        {
            if (Standby is not null)
            {
                await Standby.DisposeAsync();
            }

            await Primary.DisposeAsync();
        }
    }
}
