using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
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
    public async Task Giving_up_in_the_middle_stops_the_server_and_leaves_the_connection_usable()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var connections = new SourceConnections(database.ConnectionString, 1, "giving up");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var began = Stopwatch.StartNew();
        await ReadOneBatchAsync(connection.Connection, CancellationToken.None);
        began.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        await using var command = new NpgsqlCommand("SELECT 41 + 1", connection.Connection);
        (await command.ExecuteScalarAsync()).ShouldBe(42);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancelled_read_ends_at_once_and_its_transaction_with_it()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var connections = new SourceConnections(database.ConnectionString, 1, "cancelled");
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
        await using var connections = new SourceConnections(database.ConnectionString, 1, "waiting");
        using var cancel = new CancellationTokenSource();
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var reading = ReadAllAsync(connection.Connection, "SELECT CASE WHEN g > 100000 THEN (SELECT 1 FROM pg_sleep(600))::bigint ELSE g END FROM generate_series(1, 100001) g", () => { }, cancel.Token);
        await Eventually.Async(async () => await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'waiting' AND wait_event = 'PgSleep'") == 1);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => reading);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_error_of_the_server_in_mid_stream_is_told_with_its_cause()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var connections = new SourceConnections(database.ConnectionString, 1, "dividing");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(
            () => ReadAllAsync(connection.Connection, "SELECT g / (100000 - g) FROM generate_series(1::bigint, 100001) g", () => { }, CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Value);
        error.CanRetry.ShouldBeFalse();
        error.Message.ShouldContain("reading public.things after row");
        error.Message.ShouldContain("division by zero");
        await using var command = new NpgsqlCommand("SELECT 42", connection.Connection);
        (await command.ExecuteScalarAsync()).ShouldBe(42);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_process_that_is_ended_in_mid_stream_can_be_tried_again()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var connections = new SourceConnections(database.ConnectionString, 1, "ended");
        await using (var connection = await connections.OpenAsync(CancellationToken.None))
        {
            var ended = false;
            var error = await Should.ThrowAsync<SourceException>(() => ReadAllAsync(connection.Connection, Endless, () =>
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
        await ReadOneBatchAsync(next.Connection, CancellationToken.None);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_that_is_cut_in_mid_stream_can_be_tried_again()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var server = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        using var proxy = new CuttingProxy(server.Host!, server.Port, bytesBeforeCut: 1_000_000);
        await using var connections = new SourceConnections(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = "127.0.0.1", Port = proxy.Port }.ConnectionString, 1, "cut");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(() => ReadAllAsync(connection.Connection, Endless, () => { }, CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Unreachable);
        error.Message.ShouldContain("reading public.things after row");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_query_that_the_server_refuses_is_told_when_it_starts()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        var error = await Should.ThrowAsync<SourceException>(() => CopyReader.StartAsync(connection, "SELECT gone FROM pg_class", "public.things", ["gone"], CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Missing);
        error.CanRetry.ShouldBeFalse();
    }

    private static async Task ReadOneBatchAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var writer = Writer();
        await using var reader = await CopyReader.StartAsync(connection, Endless, "public.things", ["id"], cancellation);
        (await reader.ReadBatchAsync([Column[0].Bind(writer[0])], cancellation)).ShouldBeGreaterThan(0);
    }

    private static async Task ReadAllAsync(NpgsqlConnection connection, string query, Action afterBatch, CancellationToken cancellation)
    {
        await using var writer = Writer();
        await using var reader = await CopyReader.StartAsync(connection, query, "public.things", ["id"], cancellation);
        var decoders = new[] { Column[0].Bind(writer[0]) };
        while (await reader.ReadBatchAsync(decoders, cancellation) > 0)
        {
            await writer.EndBatchAsync(cancellation);
            afterBatch();
        }
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
