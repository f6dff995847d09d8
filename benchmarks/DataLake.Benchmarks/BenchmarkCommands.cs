using System.CommandLine;
using DataLake.Benchmarks.Extraction;
using DataLake.Benchmarks.Hosting;
using DataLake.Benchmarks.Latency;
using DataLake.Benchmarks.Memory;
using DataLake.Benchmarks.Reporting;
using DataLake.Benchmarks.Tables;

namespace DataLake.Benchmarks;

/// <summary>The commands that people type.</summary>
internal static class BenchmarkCommands
{
    private static readonly Option<string?> Folder = new("--folder")
    {
        Description = "Where the source's cluster lies. It is kept, with its tables, for the next time. Default: a temporary folder that is removed at the end.",
    };

    private static readonly Option<string?> Json = new("--json") { Description = "A file for the results as JSON, for programs." };

    public static Command Extract()
    {
        var rows = Positive("--rows", 5_000_000, "Rows of the taxi table; the others have a share of it.");
        var tables = new Option<string[]>("--tables") { Description = "Which tables. Default: all.", AllowMultipleArgumentsPerToken = true };
        tables.AcceptOnlyFromAmong([.. Datasets.Dataset.All.Select(dataset => dataset.Name)]);
        var repeat = Positive("--repeat", 3, "How often each is measured; the median counts.");
        var command = new Command("extract", "Extraction side by side with draining COPY (psql, the driver, our own client) and with psql | DuckDB; and what bounds it with more connections and cores.")
        {
            rows, tables, repeat, Folder, Json,
        };
        command.SetAction((parsed, cancellation) => RunAsync("extract", parsed, Workplace.FastSource, (workplace, report) =>
            new ExtractBenchmark(workplace, report, (int)parsed.GetValue(repeat), cancellation).RunAsync(parsed.GetValue(rows), parsed.GetValue(tables) ?? []), cancellation));
        return command;
    }

    public static Command Memory()
    {
        var rows = new Option<long[]>("--rows") { Description = "Rows of the taxi table, one or more numbers; each is a case.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [5_000_000, 20_000_000, 50_000_000] };
        var cases = new Option<string[]>("--cases") { Description = "Which cases. Default: all.", AllowMultipleArgumentsPerToken = true };
        cases.AcceptOnlyFromAmong([.. MemoryCase.Names]);
        var connections = new Option<int[]>("--connections") { Description = "Connections that read at once, one or more numbers.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 4] };
        var budget = Positive("--budget", 256, "MiB that a process may use above the runtime's own.");
        var command = new Command("memory", "Peak memory of the extractor: very long, very wide and very large tables. 50 million rows need more than 10 GB of disk.") { rows, cases, connections, budget, Folder, Json };
        command.SetAction((parsed, cancellation) => RunAsync("memory", parsed, Workplace.FastSource, (workplace, report) =>
        {
            var wanted = parsed.GetValue(cases) ?? [];
            var all = MemoryCase.All(parsed.GetValue(rows)!).Where(one => wanted.Length == 0 || wanted.Contains(one.Name)).ToList();
            return new MemoryBenchmark(workplace, report, cancellation).RunAsync(all, parsed.GetValue(connections)!, (int)parsed.GetValue(budget));
        }, cancellation));
        return command;
    }

    public static Command Latency()
    {
        var windows = Positive("--windows", 120, "How many windows are measured; there is one every second.");
        var rows = Positive("--rows", 100, "New rows a window.");
        var command = new Command("latency", "Small windows in the embedded host: plan to receipt to commit, step by step.") { windows, rows, Folder, Json };
        command.SetAction((parsed, cancellation) => RunAsync("latency", parsed, SourceSessions.Settings, (workplace, report) =>
            new LatencyBenchmark(workplace, report, cancellation).RunAsync((int)parsed.GetValue(windows), (int)parsed.GetValue(rows)), cancellation));
        return command;
    }

    public static Command Tables()
    {
        var parts = new Option<string[]>("--parts") { Description = "Which parts. Default: all.", AllowMultipleArgumentsPerToken = true };
        parts.AcceptOnlyFromAmong([.. TablesBenchmark.Parts]);
        var rows = Positive("--rows", 10_000_000, "Rows of the table that is upserted into.");
        var keys = Positive("--keys", 100_000, "New rows of an upsert; a tenth and a hundredth of them are upserted too.");
        var commits = Positive("--commits", 20, "Commits of each of 50 tables.");
        var repeat = Positive("--repeat", 5, "How often each is measured; the median counts.");
        var command = new Command("tables", "Iceberg tables: commits and plans of many files, upserts beside a rewriting of the table by DuckDB, many small commits.") { parts, rows, keys, commits, repeat, Folder, Json };
        command.SetAction((parsed, cancellation) => RunAsync("tables", parsed, TablesBenchmark.Ledger, (workplace, report) => new TablesBenchmark(workplace, report, cancellation).RunAsync(
            parsed.GetValue(parts) ?? [], parsed.GetValue(rows), parsed.GetValue(keys), (int)parsed.GetValue(commits), (int)parsed.GetValue(repeat)), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        string name, ParseResult parsed, IReadOnlyDictionary<string, string> settings, Func<Workplace, BenchmarkReport, Task<bool>> run, CancellationToken cancellation)
    {
        using var report = new BenchmarkReport(name, parsed.GetValue(Json));
        report.Doing("starts a private PostgreSQL server");
        await using var workplace = await Workplace.OpenAsync(parsed.GetValue(Folder), settings, cancellation);
        var isGood = await run(workplace, report);
        await report.SaveAsync(cancellation);
        report.Doing("stops the server and cleans up");
        return isGood ? 0 : 1;
    }

    private static Option<long> Positive(string name, long usual, string description)
    {
        var option = new Option<long>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long>() is < 1 or > 10_000_000_000)
            {
                result.AddError($"{name} takes a number from 1 to 10000000000.");
            }
        });
        return option;
    }
}
