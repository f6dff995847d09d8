using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using DataLake.Notifier;
using DataLake.Notifier.Channels;
using DataLake.Notifier.Channels.Smtp;
using DataLake.Notifier.Composition;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Secrets;
using DataLake.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Shouldly;
using Xunit;

namespace DataLake.Services.Tests.Notifier;

public sealed class SmtpSenderTests : IDisposable
{
    private const string Password = "correct horse battery staple";
    private const string Username = "lake-robot";

    private readonly SecretFiles secrets = new();
    private readonly TestCertificate certificate = new();
    private readonly CollectingLogger<SmtpSender> log = new();

    [Fact]
    public async Task A_mail_arrives_with_subject_and_text()
    {
        await using var server = await SmtpListener.StartAsync();
        var message = NoticeExamples.Message();

        await SendAsync(Channel(server.Port), message);

        var mail = await server.NextMailAsync();
        mail.EnvelopeFrom.ShouldBe("lake@example.org");
        mail.EnvelopeTo.ShouldBe(["ann@example.org", "bob@example.org"]);
        mail.From.ShouldBe("lake@example.org");
        mail.To.ShouldBe(["ann@example.org", "bob@example.org"]);
        mail.Subject.ShouldBe(message.Subject);
        mail.Text.ReplaceLineEndings("\n").ShouldBe(NoticeBody.Write(message));
        mail.MessageId.ShouldBe($"<{message.NoticeId:n}.datalake@example.org>");
        mail.Headers.ShouldContain("date");
        mail.Headers.ShouldContain("auto-submitted");
        mail.LongestLine.ShouldBeLessThanOrEqualTo(998);
        mail.IsEncrypted.ShouldBeFalse();
    }

    [Fact]
    public async Task Other_scripts_long_lines_and_lines_that_begin_with_a_dot_arrive_unharmed()
    {
        await using var server = await SmtpListener.StartAsync();
        var text = $"Größe überschritten — 船荷 🚢\n.\n.hidden\n{new string('x', 3000)}";
        var message = NoticeExamples.Message(text: text, table: "public.\"Überweisungen der größten 船荷証券 je Tag und Währung\"");

        await SendAsync(Channel(server.Port), message);

        var mail = await server.NextMailAsync();
        mail.Subject.ShouldBe(message.Subject);
        mail.Text.ReplaceLineEndings("\n").ShouldBe(NoticeBody.Write(message));
        mail.LongestLine.ShouldBeLessThanOrEqualTo(78);
    }

    [Fact]
    public async Task A_table_name_with_a_line_end_adds_no_header()
    {
        await using var server = await SmtpListener.StartAsync();

        await SendAsync(Channel(server.Port), NoticeExamples.Message(table: "public.\"x\r\nBcc: all@example.org\r\n\r\nbody\""));

        var mail = await server.NextMailAsync();
        mail.Headers.ShouldNotContain("bcc");
        mail.EnvelopeTo.ShouldBe(["ann@example.org", "bob@example.org"]);
    }

    [Fact]
    public async Task An_address_with_a_line_end_is_refused_before_anything_is_said()
    {
        await using var server = new ScriptedServer("220 ready\r\n");

        var error = await FailsAsync(Channel(server.Port) with { To = ["ann@example.org>\r\nRCPT TO:<all@example.org"] });

        error.ShouldContain("is not a plain mail address");
        error.ShouldNotContain("\n");
        server.IsConnected.ShouldBeFalse();
    }

    [Theory]
    [InlineData("starttls", "PLAIN")]
    [InlineData("starttls", "LOGIN")]
    [InlineData("implicit", "PLAIN")]
    [InlineData("implicit", "LOGIN")]
    [InlineData("plain", "PLAIN")]
    public async Task A_login_works_over_TLS_and_on_this_machine(string mode, string method)
    {
        await using var server = await SmtpListener.StartAsync(Options(mode) with { Login = new SmtpLogin(Username, Password, method) });

        await SendAsync(WithLogin(Channel(server.Port, TlsOf(mode))), NoticeExamples.Message());

        var mail = await server.NextMailAsync();
        mail.Login.ShouldBe(Username);
        mail.IsEncrypted.ShouldBe(mode != "plain");
    }

    [Theory]
    [InlineData("starttls")]
    [InlineData("implicit")]
    public async Task A_certificate_that_nobody_trusts_ends_the_conversation(string mode)
    {
        await using var server = await SmtpListener.StartAsync(Options(mode));

        var error = await FailsAsync(Channel(server.Port, TlsOf(mode)), trusted: null);

        error.ShouldStartWith($"TLS with the mail server localhost:{server.Port} failed:");
        error.ShouldContain("DataLake:Notifier:TrustedCertificates");
        server.Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task A_certificate_for_another_host_ends_the_conversation()
    {
        using var other = new TestCertificate("mail.example.org");
        await using var server = await SmtpListener.StartAsync(new SmtpListenerOptions("starttls", Key: other.KeyFile, Cert: other.CertificateFile));

        (await FailsAsync(Channel(server.Port, SmtpTls.StartTls), trusted: other.CertificateFile)).ShouldContain("RemoteCertificateNameMismatch");
    }

    [Fact]
    public async Task Without_the_STARTTLS_that_was_asked_for_nothing_is_sent()
    {
        await using var server = await SmtpListener.StartAsync();

        (await FailsAsync(Channel(server.Port, SmtpTls.StartTls))).ShouldContain("does not offer STARTTLS");
    }

    [Fact]
    public async Task What_is_said_before_TLS_is_not_taken_for_something_said_inside()
    {
        await using var server = new ScriptedServer("220 ready\r\n", ("EHLO", "250-hello\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go\r\n250 AUTH PLAIN\r\n"));

        (await FailsAsync(Channel(server.Port, SmtpTls.StartTls))).ShouldContain("spoke before TLS was on");
    }

    [Fact]
    public async Task A_refused_login_shows_neither_name_nor_password_even_if_the_server_says_them_back()
    {
        await using var server = await SmtpListener.StartAsync(Options("starttls") with { Login = new SmtpLogin("somebody", "else", "PLAIN") });

        var error = await FailsAsync(WithLogin(Channel(server.Port, SmtpTls.StartTls)));

        error.ShouldContain("refused the login: 535 no login for *** with *** or ***");
        ShouldHoldNoSecret(error);
    }

    [Fact]
    public async Task A_password_is_not_sent_to_another_machine_in_the_clear()
    {
        var address = NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address).FirstOrDefault(found => found.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(found));
        Assert.SkipWhen(address is null, "This machine has only a loopback address.");
        await using var server = new ScriptedServer(address!, "220 ready\r\n", ("EHLO", "250-hello\r\n250 AUTH PLAIN LOGIN\r\n"));

        (await FailsAsync(WithLogin(Channel(server.Port)) with { Host = address!.ToString() })).ShouldContain("is not sent to the mail server");
        server.Received.ShouldHaveSingleItem().ShouldBe($"EHLO [{address}]");
    }

    [Fact]
    public async Task A_server_that_offers_no_known_login_is_not_given_a_password()
    {
        await using var server = new ScriptedServer("220 ready\r\n", ("EHLO", "250-hello\r\n250 AUTH CRAM-MD5\r\n"));

        (await FailsAsync(WithLogin(Channel(server.Port)))).ShouldContain("offers no login that is known here");
        server.Received.ShouldHaveSingleItem().ShouldStartWith("EHLO [");
    }

    [Fact]
    public async Task A_secret_that_is_missing_is_named_by_its_reference()
    {
        var channel = WithLogin(Channel(1)) with { Password = SecretReference.Parse("file:/nowhere/password") };

        (await Should.ThrowAsync<SecretException>(() => SendAsync(channel, NoticeExamples.Message()))).Message.ShouldContain("file:/nowhere/password");
    }

    [Fact]
    public async Task One_refused_receiver_does_not_keep_the_mail_from_the_others()
    {
        await using var server = await SmtpListener.StartAsync(new SmtpListenerOptions(Refuse: ["ann@example.org"]));

        await SendAsync(Channel(server.Port), NoticeExamples.Message());

        (await server.NextMailAsync()).EnvelopeTo.ShouldBe(["bob@example.org"]);
        var line = log.Lines.ShouldHaveSingleItem();
        line.Level.ShouldBe(LogLevel.Error);
        line.Text.ShouldContain("ann@example.org (550 no mailbox ann@example.org)");
    }

    [Fact]
    public async Task When_all_receivers_are_refused_the_mail_was_not_sent()
    {
        await using var server = await SmtpListener.StartAsync(new SmtpListenerOptions(Refuse: ["ann@example.org", "bob@example.org"]));

        (await FailsAsync(Channel(server.Port))).ShouldContain("takes none of the receivers");
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_left_after_a_minute()
    {
        await using var server = new ScriptedServer("");
        var time = new ManualTimeProvider();

        var sending = SendAsync(Channel(server.Port), NoticeExamples.Message(), time: time);
        await Eventually.Async(() => server.IsConnected);
        time.Advance(SmtpSender.Longest);

        (await Should.ThrowAsync<ChannelException>(() => sending)).Message.ShouldContain("did not take the mail within 60 s");
    }

    [Fact]
    public async Task A_stop_of_the_service_is_no_failure_of_the_channel()
    {
        await using var server = new ScriptedServer("");
        using var stop = new CancellationTokenSource();

        var sending = SendAsync(Channel(server.Port), NoticeExamples.Message(), cancellation: stop.Token);
        await Eventually.Async(() => server.IsConnected);
        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => sending);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_told_as_such()
    {
        int port;
        await using (var gone = new ScriptedServer(""))
        {
            port = gone.Port;
        }

        (await FailsAsync(Channel(port))).ShouldBe($"The mail server localhost:{port} cannot be reached (ConnectionRefused). Check host, port and firewall.");
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("22\r\n")]
    [InlineData("220ready\r\n")]
    public async Task What_is_not_a_mail_server_is_told_as_such(string greeting)
    {
        await using var server = new ScriptedServer(greeting);

        (await FailsAsync(Channel(server.Port))).ShouldContain("is not a mail server that is understood here");
    }

    [Fact]
    public async Task A_line_without_end_is_read_only_so_far()
    {
        await using var server = new ScriptedServer(new string('2', 100_000));

        (await FailsAsync(Channel(server.Port))).ShouldContain("is not a mail server that is understood here");
    }

    [Fact]
    public async Task A_mail_that_was_taken_counts_as_sent_even_if_the_server_hangs_up_at_the_goodbye()
    {
        await using var server = new ScriptedServer(
            "220 ready\r\n", ("EHLO", "250 hello\r\n"), ("MAIL", "250 ok\r\n"), ("RCPT", "250 ok\r\n"), ("DATA", "354 go\r\n"), (".", "250 ok\r\n"), ("QUIT", null));

        await SendAsync(Channel(server.Port), NoticeExamples.Message());

        server.Received[^1].ShouldBe("QUIT");
    }

    [Fact]
    public async Task A_line_of_text_that_is_a_dot_does_not_end_the_message()
    {
        await using var server = new ScriptedServer(
            "220 ready\r\n", ("EHLO", "250 hello\r\n"), ("MAIL", "250 ok\r\n"), ("RCPT", "250 ok\r\n"), ("DATA", "354 go\r\n"));
        await using var connection = await SmtpConnection.OpenAsync("localhost", server.Port, SmtpTls.None, null, CancellationToken.None);

        var sending = connection.SendAsync("a@b", ["c@d"], ".first\r\n.\r\nlast\r\n", CancellationToken.None);
        await Eventually.Async(() => server.Received.Contains("."));

        server.Received.Skip(4).ShouldBe(["..first", "..", "last", "."]);
        sending.IsCompleted.ShouldBeFalse();
    }

    public void Dispose()
    {
        secrets.Dispose();
        certificate.Dispose();
    }

    private static SmtpChannel Channel(int port, SmtpTls tls = SmtpTls.None) =>
        new("localhost", port, "lake@example.org", ["ann@example.org", "bob@example.org"], tls, null, null);

    private static SmtpTls TlsOf(string mode) => mode switch { "starttls" => SmtpTls.StartTls, "implicit" => SmtpTls.Implicit, _ => SmtpTls.None };

    private static void ShouldHoldNoSecret(string text)
    {
        text.ShouldNotContain(Password);
        text.ShouldNotContain(Username);
        text.ShouldNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Password)));
        text.ShouldNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0{Username}\0{Password}")));
    }

    private SmtpChannel WithLogin(SmtpChannel channel) =>
        channel with { Username = secrets.Keep("username", Username), Password = secrets.Keep("password", Password) };

    private SmtpListenerOptions Options(string mode) => new(mode, Key: certificate.KeyFile, Cert: certificate.CertificateFile);

    private Task SendAsync(
        SmtpChannel channel, NoticeMessage message, TimeProvider? time = null, string? trusted = "own", CancellationToken cancellation = default)
    {
        var options = new NotifierOptions { TrustedCertificates = trusted == "own" ? certificate.CertificateFile : trusted };
        var sender = new SmtpSender(new SecretResolver(), new ServerTrust(Microsoft.Extensions.Options.Options.Create(options)), time ?? TimeProvider.System, log);
        return sender.SendAsync(channel, message, cancellation);
    }

    private async Task<string> FailsAsync(SmtpChannel channel, string? trusted = "own")
    {
        var error = await Should.ThrowAsync<ChannelException>(() => SendAsync(channel, NoticeExamples.Message(), trusted: trusted));
        return error.Message;
    }
}
