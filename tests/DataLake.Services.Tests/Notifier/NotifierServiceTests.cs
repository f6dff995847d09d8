using DataLake.Contracts;
using DataLake.Ledger.Definitions;
using DataLake.Ledger.Notices;
using DataLake.Notifier;
using DataLake.ServiceDefaults;
using DataLake.ServiceDefaults.Messaging;
using DataLake.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Shouldly;
using Xunit;
using NoticeEvent = DataLake.Contracts.NoticeEvent;

namespace DataLake.Services.Tests.Notifier;

public sealed class NotifierServiceTests(TestPostgres postgres) : IClassFixture<TestPostgres>
{
    [Fact]
    public async Task A_message_leads_to_a_delivery()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var hook = await WebhookListener.StartAsync();
        using var host = Build(database.ConnectionString);
        await host.StartAsync();
        var definition = $"""
            pipeline: operations
            source: {"{ connection: env:DATALAKE_SOURCE }"}
            tables:
              - table: public.shipments
                schedule: rate(5 minutes)
            notify:
              - on: [failed]
                webhook: {"{"} url: '{hook.At("/lake")}' {"}"}
            """;
        await host.Services.GetRequiredService<DefinitionStore>().ApplyAsync(
            [new DefinitionText("operations", "hash", definition, "operations.yaml")], CancellationToken.None);
        var notices = host.Services.GetRequiredService<NoticeStore>();
        var notice = NoticeExamples.Notice(NoticeEvent.Failed, hasRun: false);
        await notices.RaiseAsync(notice, CancellationToken.None);

        await host.Services.GetRequiredService<IBus>().Publish(new NoticeRaised(notice.Id));

        await Eventually.Async(async () => await notices.FindOpenAsync(notice.Id, CancellationToken.None) is null);
        hook.Posts.Count.ShouldBe(1);
        await host.StopAsync();
    }

    [Theory]
    [InlineData("/nowhere/certificates.pem")]
    [InlineData("/dev/null")]
    public async Task A_file_of_certificates_that_is_none_keeps_the_service_from_starting(string file)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        using var host = Build(database.ConnectionString, file);

        (await Should.ThrowAsync<OptionsValidationException>(() => host.StartAsync())).Message.ShouldContain("DataLake:Notifier:TrustedCertificates");
    }

    private static IHost Build(string ledger, string? trusted = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["DataLake:Ledger"] = ledger;
        builder.Configuration["DataLake:Notifier:TrustedCertificates"] = trusted;
        builder.AddServiceDefaults();
        builder.AddNotifier();
        builder.AddMessaging();
        return builder.Build();
    }
}
