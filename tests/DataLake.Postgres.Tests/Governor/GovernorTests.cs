using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Governor;
using DataLake.Postgres.Types;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Tests.Copy;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Governor;

public sealed class GovernorTests(QuietServer server) : IClassFixture<QuietServer>, IAsyncLifetime
{
    private static readonly IReadOnlyList<ColumnMapping> Column = Decoding.Columns(("id", 20, -1));

    public async ValueTask InitializeAsync()
    {
        // What a test before left when it failed must not fail this one.
        const string others = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        await Eventually.Async(async () => await server.ScalarAsync<long>($"SELECT count(pg_terminate_backend(pid)) {others}") == 0);
        await server.ExecuteAsync("DROP TABLE IF EXISTS things; CREATE TABLE things (id bigint)");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact(Timeout = 60_000)]
    public async Task A_run_waits_before_its_snapshot_while_others_wait_for_locks_and_goes_on_when_they_do_not()
    {
        var run = new GovernedRun(server.ConnectionString, GovernedRun.Wide with { LockWaits = 1 });
        var holder = await server.SessionAsync("LOCK TABLE things");
        var waiters = await Task.WhenAll(server.SessionAsync(), server.SessionAsync());
        var waits = waiters.Select(waiter => QuietServer.ExecuteAsync(waiter, "SELECT count(*) FROM things")).ToArray();
        await server.WaitingAsync(2);

        var hasStarted = false;
        var running = run.Pace.RunAsync(_ => Task.FromResult(hasStarted = true), CancellationToken.None);
        await run.AdvanceUntilAsync(() => run.Pace.Waited >= TimeSpan.FromMinutes(1));
        hasStarted.ShouldBeFalse();
        run.Changes.ShouldBe([new PaceChange(Pace.Full, Pace.Wait, "2 sessions wait for a lock (limit 1)")]);

        await holder.DisposeAsync();
        await Task.WhenAll(waits);
        (await run.EndAsync(running)).ShouldBeTrue();
        run.Changes.Select(change => change.To).Take(2).ShouldBe([Pace.Wait, Pace.Slow]);
        await EndAsync(waiters);
    }

    [Fact(Timeout = 60_000)]
    public async Task Active_sessions_stop_a_read_in_the_middle_of_a_chunk_and_it_goes_on_to_the_last_row()
    {
        const int rows = 200_000;
        var run = new GovernedRun(server.ConnectionString, GovernedRun.Wide with { ActiveSessions = 1 });
        var sleepers = await Task.WhenAll(server.SessionAsync(), server.SessionAsync());
        var cancel = sleepers.Select(sleeper => new NpgsqlCommand("SELECT pg_sleep(600)", sleeper)).ToArray();
        Task[] sleeping = [];
        var batches = 0;
        var running = run.Pace.RunAsync(async stop =>
        {
            await using var snapshot = await SourceSnapshot.TakeAsync(run.Pace.Connections, run.Pace.SnapshotOptions(DateTimeOffset.UnixEpoch), stop);
            var turn = run.Pace.Of(snapshot.Owner, isFirst: () => true);
            (await turn.MayStartAsync(() => false, stop)).ShouldBeTrue();
            return await ReadAsync(snapshot.Owner, rows, () =>
            {
                if (Interlocked.Increment(ref batches) == 1)
                {
                    // They begin to work now, and the governor sees them at its next look.
                    sleeping = [.. cancel.Select(command => command.ExecuteNonQueryAsync())];
                    run.AdvanceUntilAsync(() => run.Governor.Pace == Pace.Wait).GetAwaiter().GetResult();
                }

                turn.Pass(stop);
            }, stop);
        }, CancellationToken.None);
        await Eventually.Async(() => run.Governor.Pace == Pace.Wait && run.Pace.Waited >= TimeSpan.Zero && Volatile.Read(ref batches) == 1);
        await run.AdvanceUntilAsync(() => run.Pace.Waited >= TimeSpan.FromMinutes(1));
        Volatile.Read(ref batches).ShouldBe(1);
        running.IsCompleted.ShouldBeFalse();
        // The read's own connection stands in its COPY meanwhile, and counts for nothing.
        run.Changes[0].Reason.ShouldBe("2 active sessions (limit 1)");

        await Task.WhenAll(cancel.Select(command => Task.Run(command.Cancel)));
        foreach (var sleep in sleeping)
        {
            await Should.ThrowAsync<Exception>(() => sleep);
        }

        (await run.EndAsync(running)).ShouldBe(rows);
        batches.ShouldBeGreaterThan(2);
        await EndAsync(sleepers);
    }

    [Fact(Timeout = 60_000)]
    public async Task While_the_pace_is_not_full_only_the_first_connection_begins_chunks_and_the_others_end_when_none_is_left()
    {
        var run = new GovernedRun(server.ConnectionString, GovernedRun.Wide with { LockWaits = 0, AfterPause = AfterPause.Slow, MaxPause = TimeSpan.FromSeconds(10) });
        var isDone = false;
        Jam? jam = null;
        (await run.EndAsync(run.Pace.RunAsync(async stop =>
        {
            await using var first = await run.Pace.Connections.OpenAsync(stop);
            await using var second = await run.Pace.Connections.OpenAsync(stop);
            jam = await Jam.MakeAsync(server);
            await run.AdvanceUntilAsync(() => run.Governor.Pace == Pace.Wait);
            // After ten seconds it goes on slowly, as the definition says.
            (await run.Pace.Of(first, isFirst: () => true).MayStartAsync(() => isDone, stop)).ShouldBeTrue();
            run.Pace.Pace.ShouldBe(Pace.Slow);
            var other = run.Pace.Of(second, isFirst: () => false).MayStartAsync(() => Volatile.Read(ref isDone), stop);
            other.IsCompleted.ShouldBeFalse();
            Volatile.Write(ref isDone, true);
            (await run.EndAsync(other)).ShouldBeFalse();
            return true;
        }, CancellationToken.None))).ShouldBeTrue();
        run.Changes.Count.ShouldBe(1);
        await jam!.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task At_a_slow_pace_a_quarter_of_the_time_is_read()
    {
        var run = new GovernedRun(server.ConnectionString, GovernedRun.Wide with { LockWaits = 0 });
        await using (await Jam.MakeAsync(server))
        {
            await run.Governor.EnterAsync(CancellationToken.None);
            run.Governor.Pace.ShouldBe(Pace.Wait);
        }

        run.Time.Advance(SourceGovernor.Interval);
        await run.Governor.RefreshAsync(CancellationToken.None);
        run.Governor.Pace.ShouldBe(Pace.Slow);
        await using var connection = await run.Pace.Connections.OpenAsync(CancellationToken.None);
        var turn = run.Pace.Of(connection, () => true);
        for (var i = 1; i <= 3; i++)
        {
            turn.Pass(CancellationToken.None); // Its turn has just begun.
            run.Time.Advance(TimeSpan.FromMilliseconds(100));
            var passing = Task.Run(() => turn.Pass(CancellationToken.None));
            await Eventually.Async(() => run.Time.ActiveTimers == 1);
            passing.IsCompleted.ShouldBeFalse();
            run.Time.Advance(TimeSpan.FromMilliseconds(300));
            await passing;
            run.Pace.Waited.ShouldBe(TimeSpan.FromMilliseconds(300 * i));
        }

        await run.Governor.LeaveAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_run_that_held_its_snapshot_for_long_enough_gives_it_back_and_says_why()
    {
        var run = new GovernedRun(server.ConnectionString, GovernedRun.Wide with { LockWaits = 0, MaxPause = TimeSpan.FromMinutes(5) });
        Jam? jam = null;
        var running = run.Pace.RunAsync(async stop =>
        {
            await using var snapshot = await SourceSnapshot.TakeAsync(run.Pace.Connections, run.Pace.SnapshotOptions(DateTimeOffset.UnixEpoch), stop);
            jam = await Jam.MakeAsync(server);
            await run.AdvanceUntilAsync(() => run.Governor.Pace == Pace.Wait);
            return await run.Pace.Of(snapshot.Owner, isFirst: () => true).MayStartAsync(() => false, stop);
        }, CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(() => run.EndAsync(running));
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("for 5m: 1 sessions wait for a lock (limit 0). The run waited while it held a snapshot, which it has given back");
        (await server.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'datalake %'")).ShouldBe(0);
        await jam!.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_run_for_whose_lock_an_alter_table_waits_ends_and_lets_it_through()
    {
        var run = new GovernedRun(server.ConnectionString, GovernedRun.Wide with { Blocking = TimeSpan.FromSeconds(30) });
        var alter = Task.CompletedTask;
        await using var other = await server.SessionAsync();
        var running = run.Pace.RunAsync(async stop =>
        {
            await using var snapshot = await SourceSnapshot.TakeAsync(run.Pace.Connections, run.Pace.SnapshotOptions(DateTimeOffset.UnixEpoch), stop);
            await snapshot.Owner.ExecuteAsync("SELECT FROM things LIMIT 0", stop);
            alter = QuietServer.ExecuteAsync(other, "ALTER TABLE things ADD COLUMN more int");
            await server.WaitingAsync(1);
            await snapshot.Owner.ExecuteAsync("SELECT pg_sleep(600)", stop);
            return true;
        }, CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(() => run.EndAsync(running));
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("have waited for 30s for a lock that the run held");
        await alter;
        run.Changes.ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_user_who_may_not_see_other_sessions_is_told_what_to_grant_and_stopped_by_nothing()
    {
        await server.ExecuteAsync("CREATE ROLE modest LOGIN PASSWORD 'modest'; CREATE ROLE watcher LOGIN PASSWORD 'watcher' IN ROLE pg_read_all_stats");
        await using var jam = await Jam.MakeAsync(server);
        var modest = new GovernedRun(As("modest"), GovernedRun.Wide with { LockWaits = 0 });
        for (var i = 0; i < 2; i++)
        {
            (await modest.EndAsync(modest.Pace.RunAsync(_ => Task.FromResult(42), CancellationToken.None))).ShouldBe(42);
            modest.Time.Advance(SourceGovernor.Interval);
        }

        modest.Blind.ShouldHaveSingleItem().ShouldContain("GRANT pg_read_all_stats TO <user>");
        modest.Changes.ShouldBeEmpty();

        var watcher = new GovernedRun(As("watcher"), GovernedRun.Wide with { LockWaits = 0 });
        await watcher.Governor.EnterAsync(CancellationToken.None);
        watcher.Governor.Pace.ShouldBe(Pace.Wait);
        watcher.Blind.ShouldBeEmpty();
        await watcher.Governor.LeaveAsync();

        string As(string user) => new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = user, Password = user }.ConnectionString;
    }

    [Fact(Timeout = 60_000)]
    public async Task One_session_measures_while_runs_are_under_way_is_replaced_when_it_is_ended_and_goes_with_the_last()
    {
        const string count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'datalake governor test'";
        var run = new GovernedRun(server.ConnectionString, GovernedRun.Wide);
        await run.Governor.EnterAsync(CancellationToken.None);
        await run.Governor.EnterAsync(CancellationToken.None);
        (await server.ScalarAsync<long>(count)).ShouldBe(1);
        await server.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'datalake governor test'");
        await Eventually.Async(async () => await server.ScalarAsync<long>(count) == 0);
        run.Time.Advance(SourceGovernor.Interval);
        await run.Governor.RefreshAsync(CancellationToken.None);
        (await server.ScalarAsync<long>(count)).ShouldBe(1);
        await run.Governor.LeaveAsync();
        (await server.ScalarAsync<long>(count)).ShouldBe(1);
        await run.Governor.LeaveAsync();
        (await server.ScalarAsync<long>(count)).ShouldBe(0);
        run.Blind.ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_load_that_cannot_be_measured_stops_nothing_and_is_told_once()
    {
        var run = new GovernedRun(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "not_there" }.ConnectionString, GovernedRun.Wide);
        for (var i = 0; i < 3; i++)
        {
            (await run.Pace.RunAsync(_ => Task.FromResult(1), CancellationToken.None)).ShouldBe(1);
            run.Time.Advance(SourceGovernor.Interval);
        }

        run.Blind.ShouldHaveSingleItem().ShouldContain("cannot be measured, so nothing but max_connections limits reading");
    }

    [Fact(Timeout = 60_000)]
    public async Task Runs_under_names_of_their_own_share_one_limit_of_connections()
    {
        var run = new GovernedRun(server.ConnectionString, GovernedRun.Wide, maxConnections: 2);
        var other = new ReadPace(run.Governor, ApplicationName.Of("extractor", "test", "public.other", "4567cdef"), TimeSpan.FromHours(1));
        await using var one = (await run.Pace.Connections.TryOpenAsync(CancellationToken.None)).ShouldNotBeNull();
        await using (await other.Connections.OpenAsync(CancellationToken.None))
        {
            (await run.Pace.Connections.TryOpenAsync(CancellationToken.None)).ShouldBeNull();
            (await other.Connections.TryOpenAsync(CancellationToken.None)).ShouldBeNull();
            (await server.ScalarAsync<string>("SELECT string_agg(application_name, ',' ORDER BY application_name) FROM pg_stat_activity WHERE application_name LIKE 'datalake %'"))
                .ShouldBe("datalake extractor test public.other 4567cdef,datalake extractor test public.things 0123abcd");
        }

        await using var next = (await run.Pace.Connections.TryOpenAsync(CancellationToken.None)).ShouldNotBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_statement_may_take_what_is_left_of_the_runs_time()
    {
        var run = new GovernedRun(server.ConnectionString, GovernedRun.Wide with { LockTimeout = TimeSpan.FromSeconds(7) });
        await using var snapshot = await SourceSnapshot.TakeAsync(run.Pace.Connections, run.Pace.SnapshotOptions(DateTimeOffset.UnixEpoch), CancellationToken.None);
        (await BoundsAsync()).ShouldBe("10d 7s");
        run.Time.Advance(TimeSpan.FromDays(9));
        (await run.Pace.Of(snapshot.Owner, () => true).MayStartAsync(() => false, CancellationToken.None)).ShouldBeTrue();
        (await BoundsAsync()).ShouldBe("1d 7s");

        async Task<string?> BoundsAsync() =>
            (await snapshot.Owner.QueryAsync("SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')", [], CancellationToken.None))[0][0];
    }

    private static async Task EndAsync(NpgsqlConnection[] sessions)
    {
        foreach (var session in sessions)
        {
            await session.DisposeAsync();
        }
    }

    private static async Task<long> ReadAsync(SourceConnection connection, int rows, Action afterBatch, CancellationToken cancellation)
    {
        await using var writer = new ParquetFileWriter(Stream.Null, new ParquetSchema([Column[0].Column]), new ParquetWriterOptions());
        var decoder = new RowDecoder(Column, writer.Columns);
        var read = 0L;
        await CopyReader.CopyAsync(connection, $"SELECT generate_series(1::bigint, {rows})", "public.things", ["id"], copy =>
        {
            while (copy.ReadBatch(decoder) > 0)
            {
                writer.EndBatchAsync(cancellation).AsTask().GetAwaiter().GetResult();
                afterBatch();
            }

            read = copy.Rows;
        }, cancellation);
        return read;
    }

    /// <summary>One session that waits for a lock of another, until it is disposed.</summary>
    private sealed class Jam(NpgsqlConnection holder, NpgsqlConnection waiter, Task waits) : IAsyncDisposable
    {
        public static async Task<Jam> MakeAsync(QuietServer server)
        {
            var holder = await server.SessionAsync("LOCK TABLE things");
            var waiter = await server.SessionAsync();
            var jam = new Jam(holder, waiter, QuietServer.ExecuteAsync(waiter, "SELECT count(*) FROM things"));
            await server.WaitingAsync(1);
            return jam;
        }

        public async ValueTask DisposeAsync()
        {
            await holder.DisposeAsync();
            await waits;
            await waiter.DisposeAsync();
        }
    }
}
