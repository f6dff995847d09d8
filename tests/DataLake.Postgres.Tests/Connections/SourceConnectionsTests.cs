using System.Net;
using System.Net.Sockets;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Connections;

public sealed class SourceConnectionsTests(TestPostgres postgres)
{
    [Fact(Timeout = 60_000)]
    public async Task No_more_connections_are_open_than_allowed_and_the_clock_answers_all_the_same()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 2, "DataLake slots");
        var first = await connections.OpenAsync(CancellationToken.None);
        await using var second = (await connections.TryOpenAsync(CancellationToken.None)).ShouldNotBeNull();
        (await connections.TryOpenAsync(CancellationToken.None)).ShouldBeNull();
        var waiting = connections.OpenAsync(CancellationToken.None);
        (await connections.ClockAsync(CancellationToken.None)).ShouldBeInRange(DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        waiting.IsCompleted.ShouldBeFalse();
        (await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'DataLake slots'")).ShouldBe(2);
        await first.DisposeAsync();
        await first.DisposeAsync();
        await using var third = await waiting;
        (await connections.TryOpenAsync(CancellationToken.None)).ShouldBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Waiting_that_is_cancelled_takes_no_connection()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 1, "cancelled slots");
        var held = await connections.OpenAsync(CancellationToken.None);
        using (var cancel = new CancellationTokenSource())
        {
            var waiting = connections.OpenAsync(cancel.Token);
            await cancel.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => waiting);
            await Should.ThrowAsync<OperationCanceledException>(() => connections.TryOpenAsync(cancel.Token));
        }

        await held.DisposeAsync();
        await using var next = (await connections.TryOpenAsync(CancellationToken.None)).ShouldNotBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Connections_that_fail_or_are_cancelled_while_they_open_give_their_place_back()
    {
        // A server that accepts and never says a word.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var connections = new SourceConnections($"Host=127.0.0.1;Port={((IPEndPoint)silent.LocalEndpoint).Port};Username=x;Database=x", 1, "silent");
        for (var i = 0; i < 3; i++)
        {
            using var cancel = new CancellationTokenSource();
            var opening = connections.OpenAsync(cancel.Token);
            using var accepted = await silent.AcceptTcpClientAsync();
            await cancel.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => opening);
        }

        silent.Stop();
        for (var i = 0; i < 3; i++)
        {
            (await Should.ThrowAsync<SourceException>(() => connections.TryOpenAsync(CancellationToken.None))).Kind.ShouldBe(SourceErrorKind.Unreachable);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_wrong_password_is_refused_without_repeating_it()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var role = $"user_of_{database.Name}";
        await database.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'right'");
        try
        {
            var error = await FailAsync(database, settings => (settings.Username, settings.Password) = (role, "wr0ng"));
            error.Kind.ShouldBe(SourceErrorKind.Denied);
            error.CanRetry.ShouldBeFalse();
            error.Message.ShouldContain("Check the user and password");
            error.ToString().ShouldNotContain("wr0ng");
        }
        finally
        {
            await database.ExecuteAsync($"DROP ROLE {role}");
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task An_unknown_database_is_missing()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var error = await FailAsync(database, settings => settings.Database = "not_there");
        error.Kind.ShouldBe(SourceErrorKind.Missing);
        error.Message.ShouldContain("\"not_there\"");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_closed_port_or_an_unknown_host_is_unreachable()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var closed = await FailAsync(database, settings => (settings.Host, settings.Port) = ("127.0.0.1", port));
        closed.Kind.ShouldBe(SourceErrorKind.Unreachable);
        closed.CanRetry.ShouldBeTrue();
        closed.Message.ShouldContain("Check the host and port");
        (await FailAsync(database, settings => settings.Host = "host.invalid")).Kind.ShouldBe(SourceErrorKind.Unreachable);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_works_for_as_long_as_its_run_holds_it_and_leaves_nothing()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var connections = new SourceConnections(database.ConnectionString, 1, "still held");
        var held = await connections.OpenAsync(CancellationToken.None);
        (await held.QueryAsync("SELECT 1", [], "testing", CancellationToken.None)).ShouldHaveSingleItem().ShouldBe(["1"]);
        await held.DisposeAsync();
        (await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'still held'")).ShouldBe(0);
    }

    /// <summary>A thread for each call would take the pooled arrays with it that it keeps.</summary>
    [Fact(Timeout = 60_000)]
    public async Task All_that_blocks_on_a_connection_is_done_on_one_thread_that_ends_with_it()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var held = await new SourceConnections(database.ConnectionString, 1, "one thread").OpenAsync(CancellationToken.None);
        var first = await held.RunAsync(_ => Thread.CurrentThread, "testing", CancellationToken.None);
        Thread.CurrentThread.ShouldNotBeSameAs(first); // What follows may wait for another call.
        (await held.RunAsync(_ => Thread.CurrentThread, "testing", CancellationToken.None)).ShouldBeSameAs(first);
        await held.DisposeAsync();
        await Eventually.Async(() => !first.IsAlive);
    }

    private static async Task<SourceException> FailAsync(TestDatabase database, Action<NpgsqlConnectionStringBuilder> change)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString) { SslMode = SslMode.Disable };
        change(settings);
        var connections = new SourceConnections(settings.ConnectionString, 1, "failing");
        var ofClock = await Should.ThrowAsync<SourceException>(() => connections.ClockAsync(CancellationToken.None));
        var error = await Should.ThrowAsync<SourceException>(() => connections.OpenAsync(CancellationToken.None));
        ofClock.Kind.ShouldBe(error.Kind);
        return error;
    }
}
