using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DataLake.Notifier;
using DataLake.Notifier.Channels;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Secrets;
using DataLake.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Shouldly;
using Xunit;

namespace DataLake.Services.Tests.Notifier;

public sealed class WebhookSenderTests : IDisposable
{
    private const string Key = "a key that signs";

    private readonly SecretFiles secrets = new();
    private readonly List<WebhookSender> senders = [];

    [Fact]
    public async Task A_post_has_the_message_the_event_and_the_notice()
    {
        await using var server = await WebhookListener.StartAsync();
        var message = NoticeExamples.Message();

        await SendAsync(new WebhookChannel(server.At("/lake"), null, null), message);

        var post = server.Posts.ShouldHaveSingleItem();
        post.Path.ShouldBe("/lake");
        post.Headers["Content-Type"].ShouldBe("application/json; charset=utf-8");
        post.Headers["X-DataLake-Event"].ShouldBe("failed");
        post.Headers["X-DataLake-Notice"].ShouldBe(message.NoticeId.ToString());
        post.Headers.Keys.ShouldNotContain("X-DataLake-Signature");
        post.Headers.Keys.ShouldNotContain("traceparent");
        JsonDocument.Parse(post.Body).RootElement.GetProperty("subject").GetString().ShouldBe(message.Subject);
    }

    [Fact]
    public async Task The_signature_is_the_HMAC_of_the_body_that_arrived()
    {
        await using var server = await WebhookListener.StartAsync();

        await SendAsync(new WebhookChannel(server.At("/"), null, secrets.Keep("key", Key)));

        var post = server.Posts.ShouldHaveSingleItem();
        post.Headers["X-DataLake-Signature"].ShouldBe($"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), post.Body))}");
    }

    [Fact]
    public async Task An_address_can_be_a_secret()
    {
        await using var server = await WebhookListener.StartAsync();

        await SendAsync(new WebhookChannel(null, secrets.Keep("url", server.At("/hooks/t0ken").ToString()), null));

        server.Posts.ShouldHaveSingleItem().Path.ShouldBe("/hooks/t0ken");
    }

    [Theory]
    [InlineData(400, "(refused).")]
    [InlineData(401, "Check the address, and the secret")]
    [InlineData(404, "Check the address.")]
    [InlineData(503, "Look into its log.")]
    public async Task Anything_but_2xx_is_a_failure_with_the_beginning_of_the_answer(int status, string advice)
    {
        await using var server = await WebhookListener.StartAsync();
        server.Answer = context => AnswerAsync(context, status, $"no\r\nthanks {new string('x', 5000)}");

        var error = await FailsAsync(new WebhookChannel(server.At("/lake"), null, null));

        error.ShouldStartWith($"The webhook at http://localhost:{server.At("/").Port} answered {status} ");
        error.ShouldContain(advice);
        error.ShouldContain("It said: no thanks xxx");
        error.Length.ShouldBeLessThan(500);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var other = await WebhookListener.StartAsync();
        await using var server = await WebhookListener.StartAsync();
        server.Answer = context =>
        {
            context.Response.Redirect(other.At("/").ToString(), permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };

        (await FailsAsync(new WebhookChannel(server.At("/"), null, null))).ShouldContain("307 (a redirect, which is not followed)");
        other.Posts.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_answer_that_says_the_secrets_back_is_not_repeated_with_them()
    {
        await using var server = await WebhookListener.StartAsync();
        var key = secrets.Keep("key", Key);
        server.Answer = context => AnswerAsync(context, 400, $"path {context.Request.Path} token {context.Request.Query["token"]} key {Key}");

        var literal = await FailsAsync(new WebhookChannel(server.At("/hooks/t0ken-in-path?token=t0ken%20in%20query"), null, key));
        var kept = await FailsAsync(new WebhookChannel(null, secrets.Keep("url", server.At("/hooks/t0ken?token=t0ken").ToString()), key));

        literal.ShouldContain("It said: path /hooks/*** token *** key ***");
        foreach (var error in new[] { literal, kept })
        {
            error.ShouldNotContain("t0ken");
            error.ShouldNotContain(Key);
        }

        kept.ShouldContain("The webhook at the address kept in file:");
        kept.ShouldNotContain("localhost");
    }

    [Theory]
    [InlineData("http://example.org/hook")]
    [InlineData("https://user:pass@example.org/hook")]
    [InlineData("ftp://example.org/hook")]
    [InlineData("not an address")]
    public async Task A_kept_address_that_is_none_or_would_travel_in_the_clear_is_refused_and_not_shown(string address)
    {
        var error = await FailsAsync(new WebhookChannel(null, secrets.Keep("url", address), null));

        error.ShouldContain("is not the address of a webhook");
        error.ShouldNotContain("example.org");
        error.ShouldNotContain("not an address");
    }

    [Fact]
    public async Task A_host_that_is_not_known_is_told_without_a_kept_address()
    {
        var error = await FailsAsync(new WebhookChannel(null, secrets.Keep("url", "https://secret-host.invalid/t0ken"), null));

        error.ShouldContain("cannot be reached");
        error.ShouldNotContain("secret-host");
        error.ShouldNotContain("t0ken");
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_told_as_such()
    {
        int port;
        await using (var gone = new ScriptedServer(""))
        {
            port = gone.Port;
        }

        (await FailsAsync(new WebhookChannel(new Uri($"http://localhost:{port}/"), null, null))).ShouldContain("nothing accepts connections there");
    }

    [Fact]
    public async Task A_receiver_that_does_not_answer_is_left_after_ten_seconds()
    {
        await using var server = await WebhookListener.StartAsync();
        using var end = new SemaphoreSlim(0);
        server.Answer = _ => end.WaitAsync();
        var time = new ManualTimeProvider();

        var sending = SendAsync(new WebhookChannel(server.At("/"), null, null), time: time);
        await Eventually.Async(() => server.Posts.Count == 1);
        time.Advance(WebhookSender.Longest);

        (await Should.ThrowAsync<ChannelException>(() => sending)).Message.ShouldContain("did not answer within 10 s");
        end.Release();
    }

    [Fact]
    public async Task A_certificate_is_verified()
    {
        using var certificate = new TestCertificate();
        await using var server = await WebhookListener.StartAsync(certificate);
        var channel = new WebhookChannel(server.At("/"), null, null);

        (await FailsAsync(channel)).ShouldContain("TLS failed.");
        server.Posts.ShouldBeEmpty();

        await SendAsync(channel, trusted: certificate.CertificateFile);
        server.Posts.ShouldHaveSingleItem();
    }

    public void Dispose()
    {
        senders.ForEach(sender => sender.Dispose());
        secrets.Dispose();
    }

    private static async Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(text);
    }

    private Task SendAsync(WebhookChannel channel, DataLake.Notifier.Composition.NoticeMessage? message = null, TimeProvider? time = null, string? trusted = null)
    {
        var trust = new ServerTrust(Options.Create(new NotifierOptions { TrustedCertificates = trusted }));
        var sender = new WebhookSender(new SecretResolver(), trust, time ?? TimeProvider.System);
        senders.Add(sender);
        return sender.SendAsync(channel, message ?? NoticeExamples.Message(), CancellationToken.None);
    }

    private async Task<string> FailsAsync(WebhookChannel channel) =>
        (await Should.ThrowAsync<ChannelException>(() => SendAsync(channel))).Message;
}
