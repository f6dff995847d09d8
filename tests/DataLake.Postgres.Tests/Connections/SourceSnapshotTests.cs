using DataLake.Contracts;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Connections;

public sealed class SourceSnapshotTests(TestPostgres postgres)
{
    [Fact(Timeout = 60_000)]
    public async Task All_connections_see_one_instant_while_others_commit()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things (id int); INSERT INTO things VALUES (1)");
        var connections = new SourceConnections(database.ConnectionString, 3, "one instant");
        await using var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None);
        snapshot.Lsn.ShouldNotBeNull().ShouldMatch("^[0-9A-F]+/[0-9A-F]+$");
        await database.ExecuteAsync("INSERT INTO things VALUES (2)");
        await using var second = (await snapshot.TryJoinAsync(CancellationToken.None)).ShouldNotBeNull();
        await database.ExecuteAsync("DELETE FROM things WHERE id = 1");
        await using var third = (await snapshot.TryJoinAsync(CancellationToken.None)).ShouldNotBeNull();
        (await snapshot.TryJoinAsync(CancellationToken.None)).ShouldBeNull();
        foreach (var connection in new[] { snapshot.Owner, second, third })
        {
            (await TextAsync(connection, "SELECT string_agg(id::text, ',') FROM things")).ShouldBe("1");
            (await Should.ThrowAsync<SourceException>(() => TextAsync(connection, "INSERT INTO things VALUES (9)"))).Message.ShouldContain(PostgresErrorCodes.ReadOnlySqlTransaction);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_snapshot_and_the_hold_on_its_table_last_as_long_as_one_connection_is_inside()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things (id int); INSERT INTO things VALUES (1)");
        var connections = new SourceConnections(database.ConnectionString, 2, "passed on");
        await using var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None);
        var table = await TableInspector.InspectAsync(snapshot.Owner, new TableName("public", "things"), CancellationToken.None);
        var inside = snapshot.Owner;
        for (var i = 2; i < 6; i++)
        {
            await database.ExecuteAsync($"INSERT INTO things VALUES ({i}); DELETE FROM things WHERE id = {i - 1}");
            var next = (await snapshot.TryJoinAsync(CancellationToken.None)).ShouldNotBeNull();
            await TableInspector.HoldAsync(next, table, CancellationToken.None);
            await inside.DisposeAsync();
            inside = next;
            (await TextAsync(inside, "SELECT string_agg(id::text, ',') FROM things")).ShouldBe("1");
            (await Should.ThrowAsync<PostgresException>(() => database.ExecuteAsync("SET lock_timeout = '10ms'; TRUNCATE things"))).SqlState.ShouldBe(PostgresErrorCodes.LockNotAvailable);
        }

        await inside.DisposeAsync();
        (await Should.ThrowAsync<SourceException>(() => snapshot.TryJoinAsync(CancellationToken.None))).Message.ShouldContain("no connection is inside it any more");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_table_that_was_emptied_before_a_connection_held_it_is_noticed()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things (id int) PARTITION BY RANGE (id); CREATE TABLE things_1 PARTITION OF things DEFAULT; INSERT INTO things VALUES (1)");
        var connections = new SourceConnections(database.ConnectionString, 2, "emptied");
        await using var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None);
        var table = await TableInspector.InspectAsync(snapshot.Owner, new TableName("public", "things"), CancellationToken.None);
        await using var second = (await snapshot.TryJoinAsync(CancellationToken.None)).ShouldNotBeNull();
        await snapshot.Owner.DisposeAsync();
        await database.ExecuteAsync("TRUNCATE things_1");
        var error = await Should.ThrowAsync<SourceException>(() => TableInspector.HoldAsync(second, table, CancellationToken.None));
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("was truncated or rewritten");
    }

    [Fact(Timeout = 60_000)]
    public async Task Nothing_of_a_snapshot_is_left_on_the_server()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 2, "left over");
        for (var round = 0; round < 3; round++)
        {
            await using (var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None))
            {
                await using var joined = (await snapshot.TryJoinAsync(CancellationToken.None)).ShouldNotBeNull();
                (await TextAsync(joined, "SELECT current_setting('TimeZone') || current_setting('DateStyle') || current_setting('transaction_isolation')")).ShouldBe("UTCISO, YMDrepeatable read");
            }

            (await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'left over'")).ShouldBe(0);
        }

        await using var plain = await connections.OpenAsync(CancellationToken.None);
        (await TextAsync(plain, "SELECT current_setting('transaction_isolation')")).ShouldBe("read committed");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_values_look_like_does_not_depend_on_the_users_settings()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync($"ALTER DATABASE {database.Name} SET TimeZone = 'Asia/Tokyo'; ALTER DATABASE {database.Name} SET DateStyle = 'SQL, DMY'; ALTER DATABASE {database.Name} SET IntervalStyle = 'iso_8601'; ALTER DATABASE {database.Name} SET extra_float_digits = 0; ALTER DATABASE {database.Name} SET bytea_output = 'escape'");
        var connections = new SourceConnections(database.ConnectionString, 1, "settings");
        await using var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None);
        (await TextAsync(snapshot.Owner, "SELECT concat_ws(' ', ARRAY[timestamptz '2024-01-02 03:04:05+00'], interval '1 day 2 hours', ARRAY[0.1::float8 + 0.2], ARRAY['\\x00'::bytea])"))
            .ShouldBe("{\"2024-01-02 03:04:05+00\"} 1 day 02:00:00 {0.30000000000000004} {\"\\\\x00\"}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_snapshot_that_fails_or_is_cancelled_gives_its_connection_back()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 2, "failing snapshot");
        await Should.ThrowAsync<OperationCanceledException>(() => SourceSnapshot.TakeAsync(connections, new CancellationToken(canceled: true)));
        var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None);
        await database.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'failing snapshot'");
        await Eventually.Async(async () => await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'failing snapshot'") == 0);
        for (var i = 0; i < 3; i++)
        {
            // Its snapshot went with the owner.
            (await Should.ThrowAsync<SourceException>(() => snapshot.TryJoinAsync(CancellationToken.None))).Message.ShouldContain("joining a snapshot");
        }

        await snapshot.DisposeAsync();
        await using var first = (await connections.TryOpenAsync(CancellationToken.None)).ShouldNotBeNull();
        await using var second = (await connections.TryOpenAsync(CancellationToken.None)).ShouldNotBeNull();
        (await TextAsync(first, "SELECT 'works'")).ShouldBe("works");
    }

    [Fact(Timeout = 60_000)]
    public async Task Its_statements_are_bounded_and_a_shorter_bound_of_the_user_holds()
    {
        const string bounds = "SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')";
        await using var database = await postgres.CreateDatabaseAsync();
        var options = new SnapshotOptions { StatementTimeout = TimeSpan.FromMinutes(90), LockTimeout = TimeSpan.FromSeconds(10) };
        var connections = new SourceConnections(database.ConnectionString, 2, "bounded");
        await using (var snapshot = await SourceSnapshot.TakeAsync(connections, options, CancellationToken.None))
        {
            await using var joined = (await snapshot.TryJoinAsync(CancellationToken.None)).ShouldNotBeNull();
            (await TextAsync(snapshot.Owner, bounds)).ShouldBe("90min 10s");
            (await TextAsync(joined, bounds)).ShouldBe("90min 10s");
            await joined.BoundAsync(TimeSpan.FromMinutes(2), forLock: null, CancellationToken.None);
            (await TextAsync(joined, bounds)).ShouldBe("2min 10s");
            await joined.BoundAsync(TimeSpan.FromSeconds(-1), forLock: null, CancellationToken.None); // No time is left: not one without end.
            (await Should.ThrowAsync<SourceException>(() => TextAsync(joined, "SELECT pg_sleep(50)"))).Message.ShouldContain("the table's 'timeout'");
        }

        var strict = new SourceConnections(database.ConnectionString + ";Options=-c statement_timeout=1h -c lock_timeout=20s", 1, "bounded");
        await using var own = await SourceSnapshot.TakeAsync(strict, options, CancellationToken.None);
        (await TextAsync(own.Owner, bounds)).ShouldBe("1h 10s");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_lock_of_others_is_waited_for_as_long_as_is_said_and_then_told()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things (id int)");
        await using var session = await database.DataSource.OpenConnectionAsync();
        await using var transaction = await session.BeginTransactionAsync();
        await using (var locking = new Npgsql.NpgsqlCommand("LOCK TABLE things IN ACCESS EXCLUSIVE MODE", session, transaction))
        {
            await locking.ExecuteNonQueryAsync();
        }

        var connections = new SourceConnections(database.ConnectionString, 1, "waiting");
        await using var snapshot = await SourceSnapshot.TakeAsync(connections, new SnapshotOptions { LockTimeout = TimeSpan.FromMilliseconds(200) }, CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(() => TableInspector.InspectAsync(snapshot.Owner, new("public", "things"), CancellationToken.None));
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("Somebody held a lock for longer than reading waits for one while looking up public.things");
        error.Message.ShouldContain("'lock_timeout' under the source's 'limits'");
    }

    private static async Task<string?> TextAsync(SourceConnection connection, string sql) => (await connection.QueryAsync(sql, [], "testing", CancellationToken.None))[0][0];
}
