using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tests.Wire;
using DataLake.Postgres.Types;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Copy;

public sealed class CopyFromServerTests(TestPostgres postgres)
{
    // Far more than the test could read in its time. In FROM, the server would gather all rows first.
    private const string Endless = "SELECT generate_series(1::bigint, 2000000000)";
    private static readonly IReadOnlyList<ColumnMapping> Column = Decoding.Columns(("id", 20, -1));

    [Fact(Timeout = 60_000)]
    public async Task Giving_up_in_the_middle_stops_the_server_and_the_next_connection_is_a_new_one()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 1, "giving up");
        await using (var connection = await connections.OpenAsync(CancellationToken.None))
        {
            var began = Stopwatch.StartNew();
            await ReadOneBatchAsync(connection, CancellationToken.None);
            began.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
            var error = await Should.ThrowAsync<SourceException>(() => connection.QueryAsync("SELECT 41 + 1", [], "testing", CancellationToken.None));
            error.Kind.ShouldBe(SourceErrorKind.Unreachable);
            await Eventually.Async(async () => await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'giving up'") == 0);
        }

        await using var next = (await connections.TryOpenAsync(CancellationToken.None)).ShouldNotBeNull();
        (await next.QueryAsync("SELECT 41 + 1", [], "testing", CancellationToken.None))[0][0].ShouldBe("42");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancelled_read_ends_at_once_and_its_transaction_with_it()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 1, "cancelled");
        using var cancel = new CancellationTokenSource();
        await using (var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None))
        {
            await Should.ThrowAsync<OperationCanceledException>(() => ReadAllAsync(snapshot.Owner, Endless, cancel.Cancel, cancel.Token));
        }

        await Eventually.Async(async () => await database.ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cancelled' AND (state <> 'idle' OR xact_start IS NOT NULL)") == 0);
        await using var next = await connections.TryOpenAsync(CancellationToken.None);
        next.ShouldNotBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_read_that_waits_for_the_server_can_be_cancelled()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 1, "waiting");
        using var cancel = new CancellationTokenSource();
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var reading = ReadAllAsync(connection, "SELECT CASE WHEN g > 100000 THEN (SELECT 1 FROM pg_sleep(600))::bigint ELSE g END FROM generate_series(1, 100001) g", () => { }, cancel.Token);
        await Eventually.Async(async () => await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'waiting' AND wait_event = 'PgSleep'") == 1);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => reading);
    }

    /// <summary>The server goes on only once that was noticed.</summary>
    [Fact(Timeout = 60_000)]
    public async Task A_reader_that_would_have_to_wait_says_so()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var gate = await database.DataSource.OpenConnectionAsync();
        await ExecuteAsync("SELECT pg_advisory_lock(7)");
        var connections = new SourceConnections(database.ConnectionString, 1, "dry");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var (rows, isDry) = (0L, false);
        await using var writer = Writer();
        var decoder = new RowDecoder(Column, writer.Columns);
        await CopyReader.CopyAsync(connection, "SELECT CASE WHEN g = 200000 THEN g + length(pg_advisory_xact_lock_shared(7)::text) ELSE g END FROM generate_series(1::bigint, 300000) g", "public.things", ["id"], copy =>
        {
            copy.IsDry.ShouldBeFalse();
            do
            {
                if (!isDry && copy.IsDry)
                {
                    isDry = true;
                    ExecuteAsync("SELECT pg_advisory_unlock(7)").GetAwaiter().GetResult();
                }
            }
            while (copy.ReadBatch(decoder) > 0);
            copy.IsDry.ShouldBeFalse();
            rows = copy.Rows;
        }, CancellationToken.None);
        (isDry, rows).ShouldBe((true, 300_000));

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, gate);
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task An_error_of_the_server_in_mid_stream_is_told_with_its_cause()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 1, "dividing");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(
            () => ReadAllAsync(connection, "SELECT g / (100000 - g) FROM generate_series(1::bigint, 100001) g", () => { }, CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Value);
        error.CanRetry.ShouldBeFalse();
        error.Message.ShouldContain("reading public.things after row");
        error.Message.ShouldContain("division by zero");
        (await connection.QueryAsync("SELECT 42", [], "testing", CancellationToken.None))[0][0].ShouldBe("42");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_query_that_an_administrator_cancels_in_mid_stream_can_be_tried_again()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 1, "administered");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var cancelled = false;
        var error = await Should.ThrowAsync<SourceException>(() => ReadAllAsync(connection, Endless, () =>
        {
            if (!cancelled)
            {
                cancelled = true;
                using var command = database.DataSource.CreateCommand("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'administered'");
                command.ExecuteNonQuery();
            }
        }, CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Query);
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("cancelled the query while reading public.things after row");
        (await connection.QueryAsync("SELECT 42", [], "testing", CancellationToken.None))[0][0].ShouldBe("42");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_is_killed_in_mid_stream_can_be_tried_again()
    {
        await using var killed = new GuardedServer();
        await killed.InitializeAsync();
        var connections = new SourceConnections(killed.ConnectionString("trust_user", null), 1, "killed");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        // A session learns that its postmaster is gone where it waits; one whose reader keeps up may send on for long, so it is killed too.
        var session = int.Parse((await connection.QueryAsync("SELECT pg_backend_pid()", [], "testing", CancellationToken.None))[0][0]!, CultureInfo.InvariantCulture);
        var isKilled = false;
        var error = await Should.ThrowAsync<SourceException>(() => ReadAllAsync(connection, Endless, () =>
        {
            if (!isKilled)
            {
                isKilled = true;
                foreach (var id in (int[])[killed.ProcessId, session])
                {
                    using var process = Process.GetProcessById(id);
                    process.Kill();
                }
            }
        }, CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Unreachable);
        error.CanRetry.ShouldBeTrue();
        var began = Stopwatch.StartNew();
        await connection.DisposeAsync();
        began.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
        (await Should.ThrowAsync<SourceException>(() => connections.TryOpenAsync(CancellationToken.None))).Kind.ShouldBe(SourceErrorKind.Unreachable);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_statement_timeout_in_mid_stream_is_told_as_such()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString + ";Options=-c statement_timeout=300", 1, "timed out");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(() => ReadAllAsync(connection, Endless, () => { }, CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Query);
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("Raise its statement_timeout");
    }

    [Fact(Timeout = 60_000)]
    public async Task Notices_of_a_query_lose_none_of_its_rows()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE FUNCTION loud(n bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'row %', n; RETURN n; END $$");
        var connections = new SourceConnections(database.ConnectionString, 1, "loud");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        await using var writer = Writer();
        var decoder = new RowDecoder(Column, writer.Columns);
        var rows = 0L;
        await CopyReader.CopyAsync(connection, "SELECT loud(g) FROM generate_series(1::bigint, 5000) g", "public.things", ["id"], copy =>
        {
            while (copy.ReadBatch(decoder) > 0)
            {
            }

            rows = copy.Rows;
        }, CancellationToken.None);
        rows.ShouldBe(5_000);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_the_reader_of_a_copy_throws_comes_as_it_is_and_the_server_is_stopped()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 1, "disk full");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var error = await Should.ThrowAsync<IOException>(() => CopyReader.CopyAsync(connection, Endless, "public.things", ["id"], _ => throw new IOException("disk full"), CancellationToken.None));
        error.Message.ShouldBe("disk full");
        await Eventually.Async(async () => await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'disk full'") == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_process_that_is_ended_in_mid_stream_can_be_tried_again()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 1, "ended");
        await using (var connection = await connections.OpenAsync(CancellationToken.None))
        {
            var ended = false;
            var error = await Should.ThrowAsync<SourceException>(() => ReadAllAsync(connection, Endless, () =>
            {
                if (!ended)
                {
                    ended = true;
                    using var command = database.DataSource.CreateCommand("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ended'");
                    command.ExecuteNonQuery();
                }
            }, CancellationToken.None));
            error.Kind.ShouldBe(SourceErrorKind.Unreachable);
            error.CanRetry.ShouldBeTrue();
        }

        await using var next = await connections.OpenAsync(CancellationToken.None);
        await ReadOneBatchAsync(next, CancellationToken.None);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_that_is_cut_in_mid_stream_can_be_tried_again()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var server = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        using var proxy = new CuttingProxy(server.Host!, server.Port, bytesBeforeCut: 1_000_000);
        var connections = new SourceConnections(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = "127.0.0.1", Port = proxy.Port }.ConnectionString, 1, "cut");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(() => ReadAllAsync(connection, Endless, () => { }, CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Unreachable);
        error.Message.ShouldContain("reading public.things after row");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_query_that_the_server_refuses_is_told_when_it_starts()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 1, "refused");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(() => CopyReader.CopyAsync(
            connection, "SELECT gone FROM pg_class", "public.things", ["gone"], _ => throw new InvalidOperationException("There is nothing to read."), CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Missing);
        error.CanRetry.ShouldBeFalse();
    }

    private static async Task ReadOneBatchAsync(SourceConnection connection, CancellationToken cancellation)
    {
        await using var writer = Writer();
        var decoder = new RowDecoder(Column, writer.Columns);
        await CopyReader.CopyAsync(connection, Endless, "public.things", ["id"], copy => copy.ReadBatch(decoder).ShouldBeGreaterThan(0), cancellation);
    }

    private static async Task ReadAllAsync(SourceConnection connection, string query, Action afterBatch, CancellationToken cancellation)
    {
        await using var writer = Writer();
        var decoder = new RowDecoder(Column, writer.Columns);
        await CopyReader.CopyAsync(connection, query, "public.things", ["id"], copy =>
        {
            while (copy.ReadBatch(decoder) > 0)
            {
                writer.EndBatchAsync(cancellation).AsTask().GetAwaiter().GetResult();
                afterBatch();
            }
        }, cancellation);
    }

    private static ParquetFileWriter Writer() => new(Stream.Null, new ParquetSchema([Column[0].Column]), new ParquetWriterOptions());

    /// <summary>Passes one connection on to a server, and resets it after a number of bytes.</summary>
    private sealed class CuttingProxy : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);

        public CuttingProxy(string host, int port, long bytesBeforeCut)
        {
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
            _ = PassOnAsync(host, port, bytesBeforeCut);
        }

        public int Port { get; }

        public void Dispose() => listener.Dispose();

        private async Task PassOnAsync(string host, int port, long bytesBeforeCut)
        {
            using var client = await listener.AcceptTcpClientAsync();
            using var server = new TcpClient();
            await server.ConnectAsync(host, port);
            var (toClient, toServer) = (client.GetStream(), server.GetStream());
            var requests = toClient.CopyToAsync(toServer);
            var buffer = new byte[16_384];
            while (bytesBeforeCut > 0)
            {
                var read = await toServer.ReadAsync(buffer);
                await toClient.WriteAsync(buffer.AsMemory(0, read));
                bytesBeforeCut -= read;
            }

            client.LingerState = new LingerOption(true, 0); // A reset, not a goodbye.
            client.Close();
            await requests.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}
