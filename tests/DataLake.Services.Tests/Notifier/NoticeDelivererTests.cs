using System.Globalization;
using DataLake.Ledger;
using DataLake.Ledger.Database;
using DataLake.Ledger.Definitions;
using DataLake.Ledger.Model;
using DataLake.Ledger.Notices;
using DataLake.Ledger.Runs;
using DataLake.Notifier;
using DataLake.Notifier.Channels;
using DataLake.Notifier.Channels.Smtp;
using DataLake.Notifier.Delivery;
using DataLake.ServiceDefaults.Definitions;
using DataLake.Pipelines.Secrets;
using DataLake.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Shouldly;
using Xunit;
using NoticeEvent = DataLake.Contracts.NoticeEvent;

namespace DataLake.Services.Tests.Notifier;

/// <summary>With a real ledger and real receivers; the clock is the test's.</summary>
public sealed class NoticeDelivererTests(TestPostgres postgres) : IClassFixture<TestPostgres>, IAsyncLifetime
{
    private readonly ManualTimeProvider time = new(NoticeExamples.RaisedAt);
    private readonly CollectingLogger<NoticeDeliverer> log = new();
    private readonly CollectingLogger<LogSender> logChannel = new();
    private readonly SecretFiles secrets = new();
    private TestDatabase database = null!;
    private NoticeStore notices = null!;
    private IDbContextFactory<LedgerContext> ledger = null!;
    private WebhookListener hook = null!;
    private WebhookSender webhook = null!;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        await LedgerDatabase.MigrateAsync(database.DataSource, CancellationToken.None);
        ledger = new ContextFactory(database);
        notices = new NoticeStore(ledger, time);
        hook = await WebhookListener.StartAsync();
        webhook = new WebhookSender(new SecretResolver(), Trust(), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        webhook.Dispose();
        await hook.DisposeAsync();
        secrets.Dispose();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_notice_goes_to_every_channel_that_asked_and_is_closed()
    {
        await using var mails = await SmtpListener.StartAsync();
        var notice = await RaiseAsync($"""
            notify:
              - on: [failed]
                log: true
                smtp: {Smtp(mails.Port)}
              - on: [failed, late]
                tables: [public.shipments]
                webhook: {Webhook()}
              - on: [succeeded]
                webhook: {Webhook("/succeeded")}
              - on: [failed]
                tables: [public.loans]
                webhook: {Webhook("/loans")}
            """);

        await DeliverAsync(notice);

        (await mails.NextMailAsync()).Subject.ShouldStartWith("[DataLake] FAILED operations public.shipments");
        hook.Posts.ShouldHaveSingleItem().Path.ShouldBe("/lake");
        logChannel.Lines.ShouldHaveSingleItem().Level.ShouldBe(LogLevel.Error);
        (await DeliveriesAsync()).Select(row => (row.Channel, row.Tries, IsSent: row.SentAt is not null))
            .ShouldBe([("1/log", 1, true), ("1/smtp", 1, true), ("2/webhook", 1, true)]);
        (await notices.FindOpenAsync(notice.Id, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_doubled_message_sends_once()
    {
        var notice = await RaiseAsync(Rule($"webhook: {Webhook()}"));

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => DeliverAsync(notice)));
        await DeliverAsync(notice);

        hook.Posts.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_notice_that_nobody_asked_for_is_closed_at_once()
    {
        var notice = await RaiseAsync(Rule($"webhook: {Webhook()}", on: "succeeded"));

        await DeliverAsync(notice);

        hook.Posts.ShouldBeEmpty();
        (await DeliveriesAsync()).ShouldBeEmpty();
        (await notices.FindOpenAsync(notice.Id, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_notice_that_is_not_in_the_ledger_is_nothing_to_do()
    {
        await DeliverAsync(NoticeExamples.Notice(NoticeEvent.Failed));

        hook.Posts.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_log_that_two_rules_name_is_written_once()
    {
        var notice = await RaiseAsync("""
            notify:
              - { on: [failed], log: true }
              - { on: [failed, late], log: true }
            """);

        await DeliverAsync(notice);

        log.Lines.Where(line => line.Level >= LogLevel.Warning).ShouldBeEmpty();
        logChannel.Lines.Count.ShouldBe(1);
        (await DeliveriesAsync()).ShouldHaveSingleItem().Channel.ShouldBe("1/log");
    }

    [Fact]
    public async Task A_channel_that_fails_does_not_stop_another_and_is_tried_again_alone()
    {
        await using var mails = await SmtpListener.StartAsync();
        var isBroken = true;
        hook.Answer = context =>
        {
            context.Response.StatusCode = isBroken ? 500 : 200;
            return Task.CompletedTask;
        };
        var notice = await RaiseAsync(Rule($"webhook: {Webhook()}", $"smtp: {Smtp(mails.Port)}"));

        await DeliverAsync(notice);
        await mails.NextMailAsync();
        (await DeliveryAsync("1/webhook")).Error.ShouldNotBeNull().ShouldContain("answered 500");
        (await notices.FindOpenAsync(notice.Id, CancellationToken.None)).ShouldNotBeNull();

        isBroken = false;
        await DeliverAsync(notice);
        hook.Posts.Count.ShouldBe(1, "It is not due yet.");

        time.Advance(TimeSpan.FromSeconds(5));
        await DeliverAsync(notice);
        hook.Posts.Count.ShouldBe(2);
        mails.Waiting.ShouldBe(0);
        var served = await DeliveryAsync("1/webhook");
        (served.Tries, served.Error, served.SentAt).ShouldBe((2, null, time.UtcNow));
        (await notices.FindOpenAsync(notice.Id, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_channel_that_goes_on_failing_is_tried_eight_times_ever_later_and_then_given_up_with_an_error_in_the_log()
    {
        hook.Answer = context => Task.FromResult(context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable);
        var notice = await RaiseAsync(Rule($"webhook: {Webhook()}"));
        var waits = new List<TimeSpan>();

        while (await notices.FindOpenAsync(notice.Id, CancellationToken.None) is not null)
        {
            await DeliverAsync(notice);
            var delivery = await DeliveryAsync("1/webhook");
            waits.Add(delivery.DueAt - time.UtcNow);
            time.Advance(waits[^1]);
        }

        waits.Select(wait => wait.TotalSeconds).ShouldBe([5, 30, 120, 600, 3600, 3600, 3600, 0]);
        hook.Posts.Count.ShouldBe(8);
        (await DeliveryAsync("1/webhook")).GivenUpAt.ShouldNotBeNull();
        var line = log.Lines.Single(line => line.Level == LogLevel.Error).Text;
        line.ShouldContain("was given up on 1/webhook after 8 tries");
        line.ShouldContain("answered 503");
        line.ShouldContain("Mend the channel");
    }

    [Fact]
    public async Task A_try_whose_notifier_died_is_made_again_when_its_hold_is_over()
    {
        var notice = await RaiseAsync(Rule($"webhook: {Webhook()}"));
        await notices.TakeDeliveryAsync(notice.Id, "1/webhook", time.UtcNow.AddMinutes(2), CancellationToken.None);

        await DeliverAsync(notice);
        hook.Posts.ShouldBeEmpty();

        time.Advance(TimeSpan.FromMinutes(2));
        await DeliverAsync(notice);
        hook.Posts.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_notifier_that_dies_in_every_try_is_not_tried_for_ever()
    {
        var notice = await RaiseAsync(Rule($"webhook: {Webhook()}"));
        for (var dead = 0; dead < DeliveryRetries.MostTries; dead++)
        {
            (await notices.TakeDeliveryAsync(notice.Id, "1/webhook", time.UtcNow, CancellationToken.None)).ShouldNotBeNull();
        }

        await DeliverAsync(notice);

        hook.Posts.ShouldBeEmpty();
        (await DeliveryAsync("1/webhook")).GivenUpAt.ShouldNotBeNull();
        (await notices.FindOpenAsync(notice.Id, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_definition_that_cannot_be_read_is_tried_again_and_given_up_like_a_channel()
    {
        var notice = await RaiseAsync("nonsense: true");

        await DeliverAsync(notice);

        var delivery = await DeliveryAsync("definition");
        delivery.Error.ShouldNotBeNull().ShouldContain("Nobody can be told, for the rules cannot be read.");
        delivery.DueAt.ShouldBe(time.UtcNow.AddSeconds(5));
        (await notices.FindOpenAsync(notice.Id, CancellationToken.None)).ShouldNotBeNull();

        while (await notices.FindOpenAsync(notice.Id, CancellationToken.None) is not null)
        {
            time.Advance(TimeSpan.FromHours(1));
            await DeliverAsync(notice);
        }

        (await DeliveryAsync("definition")).Tries.ShouldBe(DeliveryRetries.MostTries);
    }

    [Fact]
    public async Task A_success_tells_what_the_ledger_knows_of_the_run()
    {
        var notice = await RaiseAsync(Rule($"webhook: {Webhook()}", on: "succeeded"), NoticeEvent.Succeeded, RunStatus.Committed);

        await DeliverAsync(notice);

        var json = System.Text.Json.JsonDocument.Parse(hook.Posts.ShouldHaveSingleItem().Body).RootElement;
        json.GetProperty("rows").GetInt64().ShouldBe(12345);
        json.GetProperty("files").GetInt32().ShouldBe(2);
        json.GetProperty("runId").GetGuid().ShouldBe(NoticeExamples.RunId);
    }

    [Fact]
    public async Task No_secret_comes_into_the_ledger_or_the_log()
    {
        const string Hidden = "hidden-value";
        await using var mails = await SmtpListener.StartAsync(new SmtpListenerOptions(Login: new SmtpLogin("other", "other", "PLAIN")));
        hook.Answer = async context =>
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync($"{context.Request.Path} {Hidden}-key");
        };
        var notice = await RaiseAsync(Rule(
            $"webhook: {{ url: '{secrets.Keep("url", hook.At($"/{Hidden}").ToString())}', secret: '{secrets.Keep("key", $"{Hidden}-key")}' }}",
            $"smtp: {{ host: localhost, port: {mails.Port}, tls: none, from: a@b.example, to: [c@d.example], "
                + $"username: '{secrets.Keep("user", $"{Hidden}-user")}', password: '{secrets.Keep("password", $"{Hidden}-password")}' }}"));

        for (var tries = 0; tries < DeliveryRetries.MostTries; tries++)
        {
            await DeliverAsync(notice);
            time.Advance(TimeSpan.FromHours(1));
        }

        var errors = (await DeliveriesAsync()).Select(row => row.Error.ShouldNotBeNull()).ToList();
        errors.Count.ShouldBe(2);
        foreach (var text in errors.Concat(log.Lines.Select(line => line.Text)))
        {
            text.ShouldNotContain(Hidden);
        }
    }

    [Fact]
    public async Task Trouble_with_the_ledger_is_left_to_the_consumer_that_tries_again()
    {
        var notice = await RaiseAsync(Rule("log: true"));
        await database.ExecuteAsync("ALTER TABLE datalake.notice_deliveries RENAME TO gone");

        var error = await Should.ThrowAsync<Exception>(() => DeliverAsync(notice));

        LedgerException.IsTrouble(error).ShouldBeTrue();
        LedgerException.IsTrouble(new InvalidOperationException("another")).ShouldBeFalse();
    }

    private static string Rule(string channel, string? second = null, string on = "failed") => $"""
        notify:
          - on: [{on}]
            {channel}
            {second}
        """;

    private static string Smtp(int port) =>
        string.Create(CultureInfo.InvariantCulture, $"{{ host: localhost, port: {port}, tls: none, from: lake@example.org, to: [ann@example.org] }}");

    private static ServerTrust Trust() => new(Options.Create(new NotifierOptions()));

    private string Webhook(string path = "/lake") => $"{{ url: '{hook.At(path)}' }}";

    private Task DeliverAsync(Notice notice)
    {
        var smtp = new SmtpSender(new SecretResolver(), Trust(), TimeProvider.System, new CollectingLogger<SmtpSender>());
        var definitions = new PipelineDefinitions(new DefinitionStore(ledger, time));
        var deliverer = new NoticeDeliverer(notices, new RunQueries(ledger), definitions, new ChannelSender(new LogSender(logChannel), smtp, webhook), time, log);
        return deliverer.DeliverAsync(notice.Id, CancellationToken.None);
    }

    private async Task<Notice> RaiseAsync(string rules, NoticeEvent raised = NoticeEvent.Failed, RunStatus status = RunStatus.Failed)
    {
        var text = $"""
            pipeline: operations
            source: {"{ connection: env:DATALAKE_SOURCE }"}
            tables:
              - table: public.shipments
                schedule: rate(5 minutes)
                late_after: 15m
              - table: public.loans
                schedule: rate(5 minutes)
                late_after: 15m
            {rules}
            """;
        await new DefinitionStore(ledger, time).ApplyAsync([new DefinitionText("operations", "hash", text, "operations.yaml")], CancellationToken.None);
        await using var context = await ledger.CreateDbContextAsync();
        context.Runs.Add(NoticeExamples.Run(status));
        await context.SaveChangesAsync();
        var notice = NoticeExamples.Notice(raised);
        await notices.RaiseAsync(notice, CancellationToken.None);
        return notice;
    }

    private async Task<List<NoticeDelivery>> DeliveriesAsync()
    {
        await using var context = await ledger.CreateDbContextAsync();
        return await context.Deliveries.OrderBy(row => row.Channel).ToListAsync();
    }

    private async Task<NoticeDelivery> DeliveryAsync(string channel) => (await DeliveriesAsync()).Single(row => row.Channel == channel);

    private sealed class ContextFactory(TestDatabase database) : IDbContextFactory<LedgerContext>
    {
        public LedgerContext CreateDbContext()
        {
            var options = new DbContextOptionsBuilder<LedgerContext>();
            LedgerDatabase.Configure(options, database.DataSource);
            return new LedgerContext(options.Options);
        }
    }
}
