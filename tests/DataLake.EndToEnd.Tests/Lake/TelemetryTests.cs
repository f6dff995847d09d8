using System.Collections.Concurrent;
using System.Text;
using DataLake.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;
using Shouldly;

namespace DataLake.EndToEnd.Tests.Lake;

public sealed class TelemetryTests(TestPostgres postgres)
{
    private const string Definition =
        """
        pipeline: operations
        source:
          connection: env:DATALAKE_SOURCE
        tables:
          - { table: public.shipments, cursor: updated_at, key: [shipment_id], schedule: rate(1 minute) }
        """;

    [Fact]
    public async Task Traces_metrics_and_logs_go_to_the_collector_that_the_standard_variables_name()
    {
        var received = new ConcurrentDictionary<string, StringBuilder>();
        await using var collector = await CollectAsync(received);
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition);
        await using var host = lake.Start(["--once", "--verbose"], environment: new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Urls.Single(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        });
        (await host.EndAsync()).ShouldBe(0, host.Everything);

        // Names are plain text in the protocol's messages.
        var traces = received["/v1/traces"].ToString();
        foreach (var step in new[] { "plan", "dispatch", "extract", "commit", "datalake.run" })
        {
            traces.ShouldContain(step);
        }

        received["/v1/metrics"].ToString().ShouldContain("datalake.extract.rows");
        received["/v1/logs"].ToString().ShouldContain("public.shipments");

        var run = await lake.Ledger.ScalarAsync<string>("SELECT trace_parent FROM datalake.runs");
        var traceId = Encoding.Latin1.GetString(Convert.FromHexString(run.Split('-')[1]));
        // The bytes of the trace id stand once in every span of the run: planned, dispatched, sent, taken, extracted, sent, taken, committed.
        (traces.Split(traceId).Length - 1).ShouldBeGreaterThanOrEqualTo(6);

        var secret = new NpgsqlConnectionStringBuilder(lake.Source.ConnectionString).Password!;
        string.Concat(received.Values).ShouldNotContain(secret);
    }

    private static async Task<WebApplication> CollectAsync(ConcurrentDictionary<string, StringBuilder> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/{**path}", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            var text = received.GetOrAdd(request.Path, _ => new StringBuilder());
            lock (text)
            {
                text.Append(Encoding.Latin1.GetString(body.ToArray()));
            }

            return Results.Bytes([], "application/x-protobuf");
        });
        await app.StartAsync();
        return app;
    }
}
