using System.Collections.Concurrent;
using System.Diagnostics;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Microsoft.Extensions.Logging;

namespace DataLake.Services.Tests.Messaging;

public sealed class TelemetryTests(TestPostgres postgres)
{
    private const string Items =
        "CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL, mail text); INSERT INTO items VALUES (1, '2026-01-10 09:30Z', 'somebody'), (2, '2026-01-10 10:30Z', 'else');";

    [Fact]
    public async Task All_steps_of_a_run_are_one_trace_and_each_run_has_its_own()
    {
        using var heard = new Listener();
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-10T09:00:00Z }");
        await lake.StartAsync();
        await lake.SettleAsync();
        await lake.StopAsync();
        await lake.StartAsync();

        foreach (var run in await lake.AllRunsAsync())
        {
            var steps = heard.Activities.Where(activity => activity.GetTagItem("datalake.run") as string == run.Id.ToString()).ToList();
            steps.Select(step => step.OperationName).Distinct().Order().ShouldBe(["commit", "dispatch", "extract", "plan"]);
            steps.Select(step => step.TraceId).Distinct().ShouldHaveSingleItem().ToString().ShouldBe(run.TraceParent!.Split('-')[1]);
        }

        (await lake.AllRunsAsync()).Select(run => run.TraceParent!.Split('-')[1]).Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public async Task No_secret_is_in_the_ledger_a_log_line_or_a_trace()
    {
        const string password = "hunter2-source-password", wrong = "hunter2-wrong-password", maskKey = "hunter2-mask-key";
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        var role = $"role_{Guid.NewGuid():n}";
        await lake.Source.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD '{password}'; GRANT SELECT ON items TO {role}");
        using var heard = new Listener();
        lake.BySchedule = true;
        lake.LogsFrom = LogLevel.Trace;
        lake.WriteSecret("mask", maskKey);
        lake.Define(" - { table: items, cursor: at, sensitive: [{ column: mail, mask: hash }] }\n - { table: nowhere }", more: "  - { on: [late], log: true }", defaults: "late_after: 1h");
        await lake.StartAsync();
        foreach (var (used, text) in new[] { (password, ""), (wrong, ""), (password, ""), (wrong, ";Nonsense=" + wrong), (password, ";Port=" + wrong) })
        {
            lake.Connect(settings => (settings.Username, settings.Password) = (role, used));
            File.AppendAllText(lake.Folder.In("source"), text);
            await lake.AdvanceAsync(TimeSpan.FromMinutes(5));
            await lake.SettleAsync();
        }

        (await lake.AllRunsAsync("public.items")).ShouldContain(run => run.Status == RunStatus.Committed && run.Rows == 2);
        (await lake.NoticesAsync()).Count.ShouldBeGreaterThan(3);
        var everything = new List<string>(lake.Logs.Lines.Select(line => line.Text));
        everything.AddRange(heard.Activities.SelectMany(activity => activity.TagObjects.Select(tag => $"{tag.Key}={tag.Value}")
            .Concat(activity.Events.SelectMany(happening => happening.Tags.Select(tag => $"{tag.Key}={tag.Value}"))).Append(activity.StatusDescription ?? "").Append(activity.DisplayName)));
        await foreach (var row in LedgerRowsAsync(lake))
        {
            everything.Add(row);
        }

        everything.Count.ShouldBeGreaterThan(100);
        foreach (var text in everything)
        {
            text.ShouldNotContain("hunter2");
        }

        await lake.Source.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
    }

    private static async IAsyncEnumerable<string> LedgerRowsAsync(LakeSystem lake)
    {
        var tables = await lake.Ledger.ScalarAsync<string[]>("SELECT array_agg(table_name::text) FROM information_schema.tables WHERE table_schema = 'datalake'");
        tables.Length.ShouldBeGreaterThan(10);
        foreach (var table in tables)
        {
            await using var command = lake.Ledger.DataSource.CreateCommand($"SELECT r::text FROM datalake.{table} r");
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                yield return reader.GetString(0);
            }
        }
    }

    private sealed class Listener : IDisposable
    {
        private readonly ActivityListener listener;

        public Listener()
        {
            listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name is "DataLake" or "MassTransit" or "Npgsql",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = Activities.Enqueue,
            };
            ActivitySource.AddActivityListener(listener);
        }

        public ConcurrentQueue<Activity> Activities { get; } = new();

        public void Dispose() => listener.Dispose();
    }
}
