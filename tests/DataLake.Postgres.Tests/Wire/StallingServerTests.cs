using System.Diagnostics;
using System.Net.Security;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tests.Copy;
using Shouldly;
using Xunit;
using static DataLake.Postgres.Tests.Wire.ServerBytes;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>Servers that stall, drip and go away: whatever is asked of them can be given up at once, and ends in time by itself.</summary>
public sealed class StallingServerTests
{
    // The server never ends it by itself; a machine that is busy with other things may take its time.
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Stalls => ["before TLS", "in TLS", "before the log-in", "in the log-in", "in half a message", "by endless notices"];

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Stalls))]
    public async Task A_server_that_stalls_can_be_given_up_at_once(string where)
    {
        using var server = Stalling(where, out var reached);
        var connections = new SourceConnections(server.ConnectionString.Replace("Disable", "Require", StringComparison.Ordinal) + ";Timeout=600", 1, "stalled");
        using var cancel = new CancellationTokenSource();
        var opening = connections.OpenAsync(cancel.Token);
        await reached.WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None);
        var began = Stopwatch.StartNew();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => opening);
        began.Elapsed.ShouldBeLessThan(AtOnce);
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Stalls))]
    public async Task A_server_that_stalls_or_drips_is_given_up_in_time(string where)
    {
        using var server = Stalling(where, out _);
        var connections = new SourceConnections(server.ConnectionString.Replace("Disable", "Require", StringComparison.Ordinal) + ";Timeout=1", 1, "stalled");
        var began = Stopwatch.StartNew();
        var error = await Should.ThrowAsync<SourceException>(() => connections.OpenAsync(CancellationToken.None));
        began.Elapsed.ShouldBeInRange(TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(1) + AtOnce);
        error.Kind.ShouldBe(SourceErrorKind.Unreachable);
        error.Message.ShouldContain("no session came about within 1 seconds");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("silence")]
    [InlineData("endless notices")]
    [InlineData("endless rows")]
    [InlineData("a silent copy")]
    [InlineData("an endless copy")]
    [InlineData("a copy of empty messages")]
    public async Task A_question_can_be_given_up_at_once_whatever_the_server_does(string what)
    {
        using var asked = new SemaphoreSlim(0);
        using var server = new FakeServer(session =>
        {
            session.LogIn().Question();
            if (what.Contains("copy", StringComparison.Ordinal))
            {
                session.Send(CopyOut, CopyData(new CopyBytes().WithoutEnd()));
            }
            else if (what == "endless rows")
            {
                session.Send(Message('1'), Message('2'));
            }

            asked.Release();
            byte[] again = what switch { "endless notices" => Notice("x"), "endless rows" => Row(), "an endless copy" => CopyData([0, 1, 0, 0, 0, 8, .. new byte[8]]), "a copy of empty messages" => CopyData(), _ => [] };
            while (again.Length > 0)
            {
                session.Send(again);
            }

            session.Silence();
        });
        var connections = new SourceConnections(server.ConnectionString, 1, "waiting");
        using var cancel = new CancellationTokenSource();
        await using (var connection = await connections.OpenAsync(CancellationToken.None))
        {
            Task asking = what.Contains("copy", StringComparison.Ordinal) ? ThingsCopy.RunAsync(connection, cancel.Token) : connection.QueryAsync("SELECT 1", [], "testing", cancel.Token);
            await asked.WaitAsync();
            var began = Stopwatch.StartNew();
            await cancel.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => asking);
            began.Elapsed.ShouldBeLessThan(AtOnce);
        }

        server.Cancels.ShouldBe(1); // told before the disposal ended
        await using var next = (await connections.TryOpenAsync(CancellationToken.None)).ShouldNotBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_run_that_ends_while_the_server_is_gone_does_not_wait_for_it()
    {
        using var gate = new SemaphoreSlim(0);
        var server = new FakeServer(session =>
        {
            session.LogIn().Question();
            gate.Release();
            session.Silence();
        });
        await using var connection = await new SourceConnections(server.ConnectionString, 1, "gone").OpenAsync(CancellationToken.None);
        using var cancel = new CancellationTokenSource();
        var asking = connection.QueryAsync("SELECT 1", [], "testing", cancel.Token);
        await gate.WaitAsync();
        server.Dispose();
        var began = Stopwatch.StartNew();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asking);
        await connection.DisposeAsync();
        began.Elapsed.ShouldBeLessThan(AtOnce);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_never_says_goodbye_does_not_hold_the_disposal_up()
    {
        using var server = new FakeServer(session =>
        {
            session.LogIn();
            Thread.Sleep(Timeout.Infinite);
        });
        var connection = await new SourceConnections(server.ConnectionString, 1, "goodbye").OpenAsync(CancellationToken.None);
        var began = Stopwatch.StartNew();
        await connection.DisposeAsync();
        began.Elapsed.ShouldBeLessThan(AtOnce);
    }

    [Fact(Timeout = 60_000)]
    public async Task Giving_up_at_any_moment_is_a_cancellation_or_an_answer()
    {
        using var server = new FakeServer(session =>
        {
            session.LogIn();
            while (true)
            {
                session.Question().Send(Answer("1"));
            }
        });
        var connections = new SourceConnections(server.ConnectionString, 4, "any moment");
        var random = new Random(5);
        for (var round = 0; round < 400; round++)
        {
            using var cancel = new CancellationTokenSource();
            var spins = random.Next(60_000);
            var canceller = Task.Run(() =>
            {
                Thread.SpinWait(spins);
                cancel.Cancel();
            });
            try
            {
                await using var connection = await connections.OpenAsync(cancel.Token);
                for (var i = 0; i < 20; i++)
                {
                    (await connection.QueryAsync("SELECT 1", [], "testing", cancel.Token))[0][0].ShouldBe("1");
                }
            }
            catch (OperationCanceledException)
            {
                cancel.IsCancellationRequested.ShouldBeTrue();
            }

            await canceller;
        }

        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => connections.TryOpenAsync(CancellationToken.None)));
        all.ShouldAllBe(connection => connection != null);
        await Task.WhenAll(all.Select(connection => connection!.DisposeAsync().AsTask()));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_that_is_disposed_under_a_question_ends_it()
    {
        using var gate = new SemaphoreSlim(0);
        using var server = new FakeServer(session =>
        {
            session.LogIn().Question();
            gate.Release();
            session.Silence();
        });
        var connection = await new SourceConnections(server.ConnectionString, 1, "disposed").OpenAsync(CancellationToken.None);
        var asking = connection.QueryAsync("SELECT 1", [], "testing", CancellationToken.None);
        await gate.WaitAsync();
        (await Should.ThrowAsync<SourceException>(() => connection.ExecuteAsync("SELECT 2", "testing", CancellationToken.None))).Message.ShouldContain("one thing at a time");
        await connection.DisposeAsync();
        (await Should.ThrowAsync<SourceException>(() => asking)).Kind.ShouldBe(SourceErrorKind.Unreachable);
        (await Should.ThrowAsync<SourceException>(() => connection.ExecuteAsync("SELECT 3", "testing", CancellationToken.None))).Kind.ShouldBe(SourceErrorKind.Unreachable);
    }

    private static FakeServer Stalling(string where, out Task reached)
    {
        var there = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        reached = there.Task;
        return new FakeServer(session =>
        {
            switch (where)
            {
                case "before the log-in":
                    there.TrySetResult();
                    break;
                case "in the log-in":
                    session.Send(Authentication(5, 1, 2, 3, 4));
                    session.Read();
                    there.TrySetResult();
                    break;
                case "in half a message":
                    session.Send(Accepted, [(byte)'K', 0, 0]);
                    there.TrySetResult();
                    break;
                default:
                    session.Send(Accepted);
                    while (true)
                    {
                        session.Send(Notice("still here"));
                        there.TrySetResult();
                        Thread.Sleep(20);
                    }
            }

            session.Silence();
        })
        {
            OnTlsWanted = stream =>
            {
                if (where == "before TLS")
                {
                    there.TrySetResult();
                    stream.ReadByte();
                }

                stream.Write("S"u8);
                if (where == "in TLS")
                {
                    stream.ReadByte();
                    there.TrySetResult();
                    new FakeSession(stream, []).Silence();
                }

                var tls = new SslStream(stream);
                tls.AuthenticateAsServer(TestAuthority.Shared.ServerCertificate);
                return tls;
            },
        };
    }
}
