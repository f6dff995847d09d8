using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tests.Copy;
using Shouldly;
using Xunit;
using static DataLake.Postgres.Tests.Wire.ServerBytes;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>Servers that do not keep to the protocol: a call ends with an error that says what to do and holds no secret, and the place is free again.</summary>
public sealed class HostileServerTests
{
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
        { "two answers to one question", [.. Answer("1")[..^Ready.Length], .. Complete("SELECT 0"), .. Ready] },
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
        var error = await Should.ThrowAsync<SourceException>(() => ThingsCopy.RunAsync(connection, CancellationToken.None), what);
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
        (await ThingsCopy.RunAsync(connection, CancellationToken.None)).ShouldBe(2);
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
}
