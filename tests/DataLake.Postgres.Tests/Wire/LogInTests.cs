using System.Net.Security;
using System.Text;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using Shouldly;
using Xunit;
using static DataLake.Postgres.Tests.Wire.ServerBytes;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>Every way to log in that PostgreSQL's own server has for us, with and without TLS.</summary>
public sealed class LogInTests(GuardedServer server) : IClassFixture<GuardedServer>
{
    private const string Verified = "SSL Mode=VerifyFull;Root Certificate=";

    [Theory(Timeout = 60_000)]
    [InlineData("scram_user", "pencil")]
    [InlineData("comma_user", "a,b=c;n=,r=,p='\" ")]
    [InlineData("umlaut_user", "größer 漢字 😀 a b")]
    [InlineData("md5_user", "größer,=pencil")]
    [InlineData("clear_user", "pencil")]
    [InlineData("trust_user", null)]
    [InlineData("trust_user", "whatever")]
    public async Task The_right_password_opens_with_and_without_TLS(string user, string? password)
    {
        (await AskAsync(server.ConnectionString(user, password), "SELECT current_user")).ShouldBe([user]);
        (await AskAsync(server.ConnectionString(user, password, "SSL Mode=Require"), "SELECT current_user")).ShouldBe([user]);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("scram_user")]
    [InlineData("umlaut_user")]
    [InlineData("md5_user")]
    [InlineData("clear_user")]
    public async Task A_wrong_password_or_none_is_refused_and_not_repeated(string user)
    {
        var error = await RefusedAsync(server.ConnectionString(user, "wr0ng größe"));
        error.Kind.ShouldBe(SourceErrorKind.Denied);
        error.CanRetry.ShouldBeFalse();
        error.ToString().ShouldNotContain("wr0ng");
        var none = await RefusedAsync(server.ConnectionString(user, null));
        none.Kind.ShouldBe(SourceErrorKind.BadConnectionString);
        none.Message.ShouldContain("Add 'Password=...'");
    }

    [Fact(Timeout = 60_000)]
    public async Task TLS_encrypts_and_SCRAM_is_bound_to_it()
    {
        const string encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        (await AskAsync(server.ConnectionString("scram_user", "pencil"), encrypted)).ShouldBe(["f"]);
        foreach (var mode in new[] { "Prefer", "Require", "Allow" })
        {
            (await AskAsync(server.ConnectionString("scram_user", "pencil", $"SSL Mode={mode}"), encrypted)).ShouldBe(["t"], mode);
        }

        // The server verifies the binding: a wrong hash is refused by it. With the demand, nothing but SCRAM-SHA-256-PLUS is used.
        (await AskAsync(server.ConnectionString("scram_user", "pencil", "SSL Mode=Require;Channel Binding=Require"), encrypted)).ShouldBe(["t"]);
        (await AskAsync(server.ConnectionString("scram_user", "pencil", "SSL Mode=Require;Require Auth=ScramSHA256"), encrypted)).ShouldBe(["t"]);
        (await AskAsync(server.ConnectionString("scram_user", "pencil", "SSL Mode=Require;Channel Binding=Disable"), encrypted)).ShouldBe(["t"]);
        foreach (var (user, demand) in new[] { ("scram_user", "SSL Mode=Disable;Channel Binding=Require"), ("md5_user", "SSL Mode=Require;Channel Binding=Require"), ("trust_user", "SSL Mode=Require;Channel Binding=Require"),
            ("md5_user", "SSL Mode=Require;Require Auth=ScramSHA256"), ("clear_user", "SSL Mode=Require;Require Auth=!Password"), ("trust_user", "SSL Mode=Require;Require Auth=!None") })
        {
            (await RefusedAsync(server.ConnectionString(user, "größer,=pencil", demand))).Kind.ShouldBe(SourceErrorKind.BadConnectionString, $"{user} {demand}");
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Long_answers_come_whole_through_TLS()
    {
        await using var connection = await new SourceConnections(server.ConnectionString("scram_user", "pencil", "SSL Mode=Require"), 1, "long answers").OpenAsync(CancellationToken.None);
        for (var time = 0; time < 2; time++)
        {
            (await ThingsCopy.RunAsync(connection, CancellationToken.None, "SELECT g FROM generate_series(1::bigint, 500000) g")).ShouldBe(500_000);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_certificate_is_verified_as_far_as_the_mode_says()
    {
        string With(string mode, string root, string host = "localhost") => server.ConnectionString("tls_user", "pencil", $"SSL Mode={mode};Root Certificate={root}", host);
        foreach (var good in new[] { With("VerifyFull", server.Root), With("VerifyCA", server.Root), With("VerifyCA", server.Root, "127.0.0.1"), With("Require", server.Root, "127.0.0.1"), With("Prefer", server.OtherRoot) })
        {
            (await AskAsync(good, "SELECT 1")).ShouldBe(["1"]);
        }

        foreach (var bad in new[] { With("VerifyFull", server.OtherRoot), With("VerifyCA", server.OtherRoot), With("Require", server.OtherRoot), With("VerifyFull", server.Root, "127.0.0.1"), server.ConnectionString("tls_user", "pencil", "SSL Mode=VerifyCA") })
        {
            var error = await RefusedAsync(bad);
            error.Kind.ShouldBe(SourceErrorKind.BadConnectionString);
            error.Message.ShouldContain("is not trusted or does not name this host. Give its authority's file with 'Root Certificate=...'");
        }

        (await RefusedAsync(With("VerifyFull", "/not/there.crt"))).Message.ShouldContain("'/not/there.crt' cannot be read");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_wants_TLS_refuses_the_user_without_it() =>
        (await RefusedAsync(server.ConnectionString("tls_user", "pencil"))).Kind.ShouldBe(SourceErrorKind.Denied);

    [Fact(Timeout = 60_000)]
    public async Task A_clients_certificate_logs_its_user_in()
    {
        (await AskAsync(server.ConnectionString("cert_user", null, $"{Verified}{server.Root};SSL Certificate={server.ClientCertificate};SSL Key={server.ClientKey}", "localhost"), "SELECT current_user")).ShouldBe(["cert_user"]);
        (await RefusedAsync(server.ConnectionString("cert_user", null, $"{Verified}{server.Root}", "localhost"))).Kind.ShouldBe(SourceErrorKind.Denied);
        (await RefusedAsync(server.ConnectionString("cert_user", null, $"SSL Mode=Require;SSL Certificate={server.ClientCertificate};SSL Key=/not/there.key"))).Message.ShouldContain("SSL Key=");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_over_TLS_reads_is_cancelled_and_leaves_nothing()
    {
        var connections = new SourceConnections(server.ConnectionString("scram_user", "pencil", $"{Verified}{server.Root}", "localhost"), 1, "over TLS");
        using var cancel = new CancellationTokenSource();
        await using (var connection = await connections.OpenAsync(CancellationToken.None))
        {
            (await connection.QueryAsync("SELECT repeat('x', 300000)", [], "testing", CancellationToken.None))[0][0]!.Length.ShouldBe(300_000);
            var asking = connection.ExecuteAsync("SELECT pg_sleep(600)", "testing", cancel.Token);
            await DataLake.Testing.Eventually.Async(async () => (await CountAsync("wait_event = 'PgSleep'")) == "1");
            await cancel.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => asking);
        }

        await DataLake.Testing.Eventually.Async(async () => (await CountAsync("TRUE")) == "0");
        await using var next = (await connections.TryOpenAsync(CancellationToken.None)).ShouldNotBeNull();
        async Task<string?> CountAsync(string condition) => (await AskAsync(server.ConnectionString("scram_user", "pencil"), $"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'over TLS' AND {condition}"))[0];
    }

    [Fact(Timeout = 60_000)]
    public async Task What_the_connection_string_sets_arrives()
    {
        var connections = new SourceConnections(server.ConnectionString("scram_user", "pencil", "SSL Mode=Disable;Options=-c statement_timeout=200 -c geqo=off;Search Path=odd,public"), 1, "DataLake größer");
        await using var connection = await connections.OpenAsync(CancellationToken.None);
        var rows = await connection.QueryAsync("SELECT current_setting('application_name'), current_setting('geqo'), current_setting('search_path'), current_setting('client_encoding'), $1::text || $2", ["größer", null], "testing", CancellationToken.None);
        rows[0][0].ShouldNotBeNull().ShouldStartWith("DataLake gr");
        rows[0][1..].ShouldBe(["off", "odd,public", "UTF8", null]);
        var error = await Should.ThrowAsync<SourceException>(() => connection.ExecuteAsync("SELECT pg_sleep(600)", "testing", CancellationToken.None));
        error.Kind.ShouldBe(SourceErrorKind.Query);
        error.CanRetry.ShouldBeTrue();
        error.Message.ShouldContain("Raise its statement_timeout");
        (await connection.QueryAsync("SELECT 1", [], "testing", CancellationToken.None))[0].ShouldBe(["1"]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_without_TLS_is_refused_where_TLS_is_wanted()
    {
        using var plain = new FakeServer(session => session.LogIn().Question().Send(Answer("plain")));
        string With(string mode) => $"Host=127.0.0.1;Port={plain.Port};Username=u;Password=s3cret;SSL Mode={mode}";
        foreach (var mode in new[] { "Require", "VerifyCA", "VerifyFull" })
        {
            var error = await RefusedAsync(With(mode));
            error.Kind.ShouldBe(SourceErrorKind.BadConnectionString);
            error.Message.ShouldContain("the server has no TLS");
        }

        plain.Sessions.ShouldBe(0);
        (await AskAsync(With("Prefer"), "SELECT 1")).ShouldBe(["plain"]);
    }

    /// <summary>As in CVE-2021-23222: somebody on the way sends an answer in clear text right behind the server's yes to TLS.</summary>
    [Fact(Timeout = 60_000)]
    public async Task Clear_text_behind_the_yes_to_TLS_is_not_taken_for_a_part_of_the_session()
    {
        using var slippedIn = new FakeServer(session => session.Send([]))
        {
            OnTlsWanted = stream =>
            {
                stream.Write([(byte)'S', .. LoggedIn, .. Answer("slipped in")]);
                var tls = new SslStream(stream);
                tls.AuthenticateAsServer(TestAuthority.Shared.ServerCertificate);
                return tls;
            },
        };
        foreach (var mode in new[] { "Prefer", "Require" })
        {
            var error = await RefusedAsync($"Host=127.0.0.1;Port={slippedIn.Port};Username=u;SSL Mode={mode}");
            error.Kind.ShouldBeOneOf(SourceErrorKind.BadConnectionString, SourceErrorKind.Unreachable);
        }

        slippedIn.Sessions.ShouldBe(0);

        // A refusal in clear text is not believed, and not told either.
        using var refusing = new FakeServer(_ => { }) { OnTlsWanted = stream => { stream.Write(Error("28P01", "send your password to evil.example")); return stream; } };
        (await RefusedAsync($"Host=127.0.0.1;Port={refusing.Port};Username=u;SSL Mode=Prefer")).Message.ShouldNotContain("evil");
    }

    // PostgreSQL 17 and later; the protocol's name must be told there.
    [Fact(Timeout = 60_000)]
    public async Task TLS_can_start_with_the_first_byte()
    {
        var protocol = "";
        using var direct = new FakeServer(session => session.LogIn().Question().Send(Answer("direct")))
        {
            OnConnected = stream =>
            {
                var tls = new SslStream(stream);
                tls.AuthenticateAsServer(new SslServerAuthenticationOptions { ServerCertificate = TestAuthority.Shared.ServerCertificate, ApplicationProtocols = [new SslApplicationProtocol("postgresql")] });
                protocol = tls.NegotiatedApplicationProtocol.ToString();
                return tls;
            },
        };
        (await AskAsync($"Host=localhost;Port={direct.Port};Username=u;SSL Mode=VerifyFull;SSL Negotiation=Direct;Root Certificate={server.Root}", "SELECT 1")).ShouldBe(["direct"]);
        protocol.ShouldBe("postgresql");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_startup_message_has_what_it_must_and_no_password()
    {
        var seen = new TaskCompletionSource<string>();
        using var listening = new FakeServer(session =>
        {
            seen.TrySetResult(Encoding.UTF8.GetString(session.StartUp));
            session.LogIn().Question().Send(Answer("1"));
        });
        await AskAsync(listening.ConnectionString, "SELECT 1");
        (await seen.Task).ShouldBe("\0\u0003\0\0user\0user\0database\0lake\0application_name\0log-in test\0client_encoding\0UTF8\0\0");
    }

    private static async Task<string?[]> AskAsync(string connectionString, string sql)
    {
        await using var connection = await new SourceConnections(connectionString, 1, "log-in test").OpenAsync(CancellationToken.None);
        return (await connection.QueryAsync(sql, [], "testing", CancellationToken.None)).ShouldHaveSingleItem();
    }

    private static Task<SourceException> RefusedAsync(string connectionString) => Should.ThrowAsync<SourceException>(() => AskAsync(connectionString, "SELECT 1"), connectionString);
}
