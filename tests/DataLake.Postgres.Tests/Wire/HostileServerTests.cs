using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tests.Copy;
using DataLake.Postgres.Types;
using DataLake.Testing;
using Shouldly;
using Xunit;
using static DataLake.Postgres.Tests.Wire.ServerBytes;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>Servers that lie, stall and break off: a call ends in time, with an error that says what to do and holds no secret, and the place is free again.</summary>
public sealed class HostileServerTests
{
    private static readonly IReadOnlyList<ColumnMapping> Column = Decoding.Columns(("id", 20, -1));
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(3);

    public static TheoryData<string, byte[]> LogIns => new()
    {
        { "ready before it accepted anybody", Ready },
        { "ready without the proof of SCRAM", [.. Sasl("SCRAM-SHA-256"), .. Ready] },
        { "accepted without the proof of SCRAM", [.. Sasl("SCRAM-SHA-256"), .. LoggedIn] },
        { "a proof without a challenge", [.. Sasl("SCRAM-SHA-256"), .. Authentication(12, [.. "v=AAAA"u8]), .. LoggedIn] },
        { "a challenge that nobody began", [.. Authentication(11, [.. "r=x,s=AA==,i=1"u8]), .. LoggedIn] },
        { "SCRAM twice", [.. Sasl("SCRAM-SHA-256"), .. Sasl("SCRAM-SHA-256"), .. LoggedIn] },
        { "SCRAM and then the password itself", [.. Sasl("SCRAM-SHA-256"), .. Authentication(3), .. LoggedIn] },
        { "an unknown way", Authentication(7) },
        { "an unknown mechanism", Sasl("SCRAM-SHA-1") },
        { "md5 with a salt that is cut off", Authentication(5, 1, 2) },
        { "a way that is cut off", Message('R', 0, 0) },
        { "a way without a number", Message('R') },
        { "a key before it accepted anybody", Message('K', 0, 0, 0, 7, 1, 2, 3, 4) },
        { "a key that is cut off", [.. Accepted, .. Message('K', 0, 0)] },
        { "accepted twice", [.. Accepted, .. Accepted] },
        { "rows", [.. Accepted, .. Row("x")] },
        { "another version", Message('v', 0, 0, 0, 0, 0, 0, 0, 0) },
        { "a web server", [.. "HTTP/1.1 400 Bad Request\r\n\r\n"u8] },
        { "a length below zero", [(byte)'R', 0xFF, 0xFF, 0xFF, 0xFF] },
        { "a length of two gigabytes", [(byte)'R', 0x7F, 0xFF, 0xFF, 0xFF] },
        { "a length of nothing", [(byte)'R', 0, 0, 0, 0] },
        { "an unknown byte", Message('\x7f') },
        { "an end", [] },
        { "half a message", [(byte)'R', 0, 0] },
    };

    [Theory(Timeout = 30_000)]
    [MemberData(nameof(LogIns))]
    public async Task A_log_in_that_is_not_the_protocol_is_refused(string what, byte[] answer)
    {
        using var server = new FakeServer(session => session.Send(answer));
        var connections = new SourceConnections(server.ConnectionString, 1, "hostile");
        var error = await Should.ThrowAsync<SourceException>(() => connections.OpenAsync(CancellationToken.None), what);
        error.Kind.ShouldBeOneOf(SourceErrorKind.Corrupt, SourceErrorKind.Unreachable, SourceErrorKind.BadConnectionString);
        error.ToString().ShouldNotContain("s3cret");
        await Should.ThrowAsync<SourceException>(() => connections.TryOpenAsync(CancellationToken.None)); // not null: the place is free
    }

    public static TheoryData<string, byte[]> Answers => new()
    {
        { "ready at once", Ready },
        { "ready twice", [.. Answer("1"), .. Ready, .. Answer("1")] },
        { "rows after an error", [.. Error("42P01", "x"), .. Row("1"), .. Ready] },
        { "a copy", [.. CopyOut, .. CopyData(1), .. CopyDone, .. Complete("COPY 1"), .. Ready] },
        { "copied rows", [.. CopyData(1), .. Complete("COPY 1"), .. Ready] },
        { "a wish for rows", Message('G', 0, 0, 0) },
        { "a row that is cut off", Message('D') },
        { "a row of -1 values", Message('D', 0xFF, 0xFF) },
        { "a row of 32767 values without any", Message('D', 0x7F, 0xFF) },
        { "a value longer than its row", Message('D', 0, 1, 0, 0, 0, 9, 1) },
        { "a value of -2 bytes", Message('D', 0, 1, 0xFF, 0xFF, 0xFF, 0xFE) },
        { "a row that goes on", Message('D', 0, 0, 1) },
        { "a log-in", Accepted },
        { "a key", Message('K', 0, 0, 0, 7, 1, 2, 3, 4) },
        { "ready with a long state", [.. Complete("SELECT 0"), .. Message('Z', 1, 2, 3)] },
        { "an unknown message", Message('?') },
        { "an answer of two gigabytes", [(byte)'D', 0x3F, 0xFF, 0xFF, 0xFF, 1, 2, 3] },
    };

    [Theory(Timeout = 30_000)]
    [MemberData(nameof(Answers))]
    public async Task An_answer_that_is_not_the_protocol_is_refused_and_its_connection_never_used_again(string what, byte[] answer)
    {
        using var server = new FakeServer(session =>
        {
            session.LogIn().Question().Send(answer);
            session.Question().Send(Answer("2"));
            session.Silence();
        });
        var connections = new SourceConnections(server.ConnectionString, 1, "hostile");
        await using (var connection = await connections.OpenAsync(CancellationToken.None))
        {
            // What came too early is noticed when the next question is asked.
            var error = await Should.ThrowAsync<SourceException>(async () =>
            {
                using var late = new CancellationTokenSource(TimeSpan.FromSeconds(10));
                await connection.QueryAsync("SELECT 1", [], "testing", late.Token);
                await connection.QueryAsync("SELECT 2", [], "testing", late.Token);
            }, what);
            error.Kind.ShouldBe(SourceErrorKind.Corrupt, what);
            (await Should.ThrowAsync<SourceException>(() => connection.ExecuteAsync("SELECT 3", "testing", CancellationToken.None))).Kind.ShouldBe(SourceErrorKind.Unreachable);
        }

        await using var next = (await connections.TryOpenAsync(CancellationToken.None)).ShouldNotBeNull();
    }

    public static TheoryData<string, byte[], SourceErrorKind> Copies => new()
    {
        { "fewer rows than were sent", [.. CopyOut, .. CopyData(new CopyBytes().Row(new byte[8]).End()), .. CopyDone, .. Complete("COPY 2"), .. Ready], SourceErrorKind.Corrupt },
        { "more rows than were sent", [.. CopyOut, .. CopyData(new CopyBytes().Row(new byte[8]).Row(new byte[8]).End()), .. CopyDone, .. Complete("COPY 1"), .. Ready], SourceErrorKind.Corrupt },
        { "no number of rows", [.. CopyOut, .. CopyData(new CopyBytes().End()), .. CopyDone, .. Complete("COPY"), .. Ready], SourceErrorKind.Corrupt },
        { "no tag", [.. CopyOut, .. CopyData(new CopyBytes().End()), .. CopyDone, .. Ready], SourceErrorKind.Corrupt },
        { "no CopyDone", [.. CopyOut, .. CopyData(new CopyBytes().End()), .. Complete("COPY 0"), .. Ready], SourceErrorKind.Corrupt },
        { "rows after the end", [.. CopyOut, .. CopyData(new CopyBytes().End()), .. CopyDone, .. CopyData(1), .. Complete("COPY 0"), .. Ready], SourceErrorKind.Corrupt },
        { "no start", [.. CopyData(new CopyBytes().End()), .. CopyDone, .. Complete("COPY 0"), .. Ready], SourceErrorKind.Corrupt },
        { "text", [.. Message('H', 0, 0, 1, 0, 0), .. CopyData(1), .. CopyDone, .. Complete("COPY 1"), .. Ready], SourceErrorKind.Corrupt },
        { "a row as of a query", [.. CopyOut, .. Row("1"), .. CopyDone, .. Complete("COPY 1"), .. Ready], SourceErrorKind.Corrupt },
        { "no copy at all", [.. Complete("COPY 0"), .. Ready], SourceErrorKind.Corrupt },
        { "an end in the middle", [.. CopyOut, .. CopyData(new CopyBytes().Row(new byte[8]).WithoutEnd())], SourceErrorKind.Unreachable },
        { "an error after the trailer", [.. CopyOut, .. CopyData(new CopyBytes().End()), .. Error("40001", "conflict with recovery"), .. Ready], SourceErrorKind.Query },
        { "an error and the end", [.. CopyOut, .. CopyData(new CopyBytes().Row(new byte[8]).WithoutEnd()), .. Error("57P01", "terminating connection", "FATAL")], SourceErrorKind.Unreachable },
    };

    [Theory(Timeout = 30_000)]
    [MemberData(nameof(Copies))]
    public async Task A_copy_that_is_not_whole_is_refused(string what, byte[] answer, SourceErrorKind kind)
    {
        using var server = new FakeServer(session => session.LogIn().Question().Send(answer));
        await using var connection = await new SourceConnections(server.ConnectionString, 1, "hostile").OpenAsync(CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(() => CopyAsync(connection, CancellationToken.None), what);
        error.Kind.ShouldBe(kind, what);
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("public.things");
    }

    [Fact(Timeout = 30_000)]
    public async Task Notices_between_the_rows_of_a_copy_lose_none()
    {
        using var server = new FakeServer(session =>
        {
            var bytes = new CopyBytes().Row(new byte[8]).Row(new byte[8]).End();
            session.LogIn().Question().Send(Notice("a"), CopyOut, Notice("b"), CopyData(bytes[..30]), Notice(new string('x', 300_000)), CopyData(), CopyData(bytes[30..]), Message('S', 1), CopyDone, Notice("c"), Complete("COPY 2"), Ready);
            session.Question().Send(Answer("after"));
            session.Silence();
        });
        await using var connection = await new SourceConnections(server.ConnectionString, 1, "notices").OpenAsync(CancellationToken.None);
        (await CopyAsync(connection, CancellationToken.None)).ShouldBe(2);
        (await connection.QueryAsync("SELECT 1", [], "testing", CancellationToken.None))[0][0].ShouldBe("after");
    }

    [Theory(Timeout = 30_000)]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { (byte)'M', (byte)'x' })]
    [InlineData(new byte[] { (byte)'M', 0, (byte)'C' })]
    public async Task An_error_that_says_nothing_is_an_error_all_the_same(byte[] body)
    {
        using var server = new FakeServer(session =>
        {
            session.LogIn().Question().Send(Message('E', body), Ready);
            session.Silence();
        });
        await using var connection = await new SourceConnections(server.ConnectionString, 1, "mute").OpenAsync(CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(() => connection.QueryAsync("SELECT 1", [], "testing", CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Query);
        error.Message.ShouldContain("the server gave no reason (XX000)");
    }

    [Fact(Timeout = 30_000)]
    public async Task The_last_words_of_a_server_are_told()
    {
        using var server = new FakeServer(session => session.LogIn().Send(Error("57P05", "terminating connection due to idle-session timeout", "FATAL")));
        await using var connection = await new SourceConnections(server.ConnectionString, 1, "idle").OpenAsync(CancellationToken.None);
        var error = await Should.ThrowAsync<SourceException>(() => connection.QueryAsync("SELECT 1", [], "testing", CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Unreachable);
        error.Message.ShouldContain("idle-session timeout");
    }

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
            Task asking = what.Contains("copy", StringComparison.Ordinal) ? CopyAsync(connection, cancel.Token) : connection.QueryAsync("SELECT 1", [], "testing", cancel.Token);
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

    [Fact(Timeout = 30_000)]
    public async Task The_next_host_is_tried_where_one_does_not_answer()
    {
        var closed = new FakeServer(_ => { });
        var closedPort = closed.Port;
        closed.Dispose();
        using var starting = new FakeServer(session => session.Send(Error("57P03", "the database system is starting up", "FATAL")));
        using var server = new FakeServer(session => session.LogIn().Question().Send(Answer("here")));
        using var refusing = new FakeServer(session => session.Send(Error("28P01", "password authentication failed", "FATAL")));
        async Task<SourceConnection> OpenAsync(params int[] ports) => await new SourceConnections(
            $"Host={string.Join(", ", ports.Select(port => $"127.0.0.1:{port}"))};Username=u;SSL Mode=Disable", 1, "hosts").OpenAsync(CancellationToken.None);
        await using var connection = await OpenAsync(closedPort, starting.Port, server.Port);
        (await connection.QueryAsync("SELECT 1", [], "testing", CancellationToken.None))[0][0].ShouldBe("here");
        (await Should.ThrowAsync<SourceException>(() => OpenAsync(refusing.Port, server.Port))).Kind.ShouldBe(SourceErrorKind.Denied);
        var error = await Should.ThrowAsync<SourceException>(() => OpenAsync(closedPort, closedPort));
        error.Message.ShouldContain($"127.0.0.1:{closedPort}");
        (await Should.ThrowAsync<SourceException>(() => OpenAsync(closedPort, starting.Port))).Message.ShouldContain("starting up");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_socket_file_and_an_address_in_brackets_are_hosts_too()
    {
        using var folder = new TemporaryFolder();
        using var file = new FakeServer(Greet, new UnixDomainSocketEndPoint(folder.In(".s.PGSQL.5544")));
        await using var overFile = await new SourceConnections($"Host={folder.Path};Port=5544;Username=u", 1, "file").OpenAsync(CancellationToken.None);
        (await overFile.QueryAsync("SELECT 1", [], "testing", CancellationToken.None))[0][0].ShouldBe("hello");
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This machine has no IPv6.");
        using var six = new FakeServer(Greet, new IPEndPoint(IPAddress.IPv6Loopback, 0));
        foreach (var host in new[] { $"[::1]:{six.Port}", $"::1;Port={six.Port}", $"[::1];Port={six.Port}" })
        {
            await using var overSix = await new SourceConnections($"Host={host};Username=u", 1, "six").OpenAsync(CancellationToken.None);
            (await overSix.QueryAsync("SELECT 1", [], "testing", CancellationToken.None))[0][0].ShouldBe("hello");
        }

        static void Greet(FakeSession session) => session.LogIn().Question().Send(Answer("hello"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_password_is_not_sent_in_clear_text_to_another_machine()
    {
        // The address is this machine's, but not one that the host's name shows as such.
        var address = (await Dns.GetHostAddressesAsync(Dns.GetHostName())).FirstOrDefault(address => !IPAddress.IsLoopback(address) && address.AddressFamily == AddressFamily.InterNetwork);
        Assert.SkipWhen(address is null, "This machine has no address but the loopback's.");
        var heard = new TaskCompletionSource<string>();
        using var server = new FakeServer(session =>
        {
            session.Send(Authentication(3));
            session.Silence();
            heard.SetResult("nothing");
        }, new IPEndPoint(address!, 0));
        var error = await Should.ThrowAsync<SourceException>(() => new SourceConnections($"Host={address};Port={server.Port};Username=u;Password=s3cret;SSL Mode=Disable", 1, "clear").OpenAsync(CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.BadConnectionString);
        error.Message.ShouldContain("Turn TLS on");
        error.ToString().ShouldNotContain("s3cret");
        await heard.Task;
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

    private static async Task<long> CopyAsync(SourceConnection connection, CancellationToken cancellation)
    {
        await using var writer = new ParquetFileWriter(Stream.Null, new ParquetSchema([Column[0].Column]), new ParquetWriterOptions());
        var decoder = new RowDecoder(Column, writer.Columns);
        var rows = 0L;
        await CopyReader.CopyAsync(connection, "SELECT id FROM things", "public.things", ["id"], copy =>
        {
            while (copy.ReadBatch(decoder) > 0)
            {
                writer.EndBatchAsync(cancellation).AsTask().GetAwaiter().GetResult();
            }

            rows = copy.Rows;
        }, cancellation);
        return rows;
    }
}
