using System.CommandLine;
using DataLake.Benchmarks.Contenders;
using DataLake.Benchmarks.Tables;

namespace DataLake.Benchmarks;

/// <summary>The commands that benchmarks start in processes of their own. The source's connection string is in <c>DATALAKE_BENCHMARK_SOURCE</c>.</summary>
internal static class WorkerCommands
{
    private static readonly Argument<string[]> Tables = new("tables") { Description = "The tables.", Arity = ArgumentArity.OneOrMore };

    public static Command Worker()
    {
        var lake = new Argument<string>("lake") { Description = "The folder to write to." };
        var connections = new Argument<int>("connections") { Description = "How many connections read at once." };
        var noReadBack = new Option<bool>("--no-read-back") { Description = "Publish files without reading them back, to see what that costs." };
        var atOnce = new Option<bool>("--at-once") { Description = "Read all tables at once, each over connections of its own, instead of one after the other." };
        var command = new Command("worker", "Extracts tables in this process, with the source in DATALAKE_BENCHMARK_SOURCE (started by the benchmarks; of use for profiling).") { lake, connections, noReadBack, atOnce, Tables };
        command.SetAction((parsed, _) => Contenders.Worker.RunAsync(
            Source(), parsed.GetValue(lake)!, parsed.GetValue(connections), !parsed.GetValue(noReadBack), parsed.GetValue(atOnce), parsed.GetValue(Tables)!));
        return command;
    }

    public static Command Drain()
    {
        var by = new Argument<string>("by") { Description = "Through what." };
        by.AcceptOnlyFromAmong("client", "driver", "driver-blocking");
        var command = new Command("drain", "Takes what COPY sends and throws it away, through our client or the driver (started by the benchmarks).") { by, Tables };
        command.SetAction(async (parsed, _) =>
        {
            var tables = parsed.GetValue(Tables)!;
            if (parsed.GetValue(by) == "client")
            {
                Contenders.Drain.ByProtocolClient(Source(), tables);
            }
            else
            {
                await Contenders.Drain.ByDriverAsync(Source(), tables, parsed.GetValue(by) == "driver-blocking");
            }
        });
        return command;
    }

    public static Command Table()
    {
        var lake = new Argument<string>("lake") { Description = "The lake's folder." };
        var table = new Argument<string>("table") { Description = "The table." };
        var repeat = new Argument<int>("repeat") { Description = "How often; the median counts." };
        var metrics = new Option<bool>("--metrics") { Description = "Read sizes, counts and bounds too." };
        var filter = new Option<bool>("--filter") { Description = "Only files that can hold a range of keys." };
        var file = new Argument<string>("file") { Description = "The location of a data file." };
        var files = new Argument<int>("files") { Description = "How many files are appended." };
        var before = new Argument<string>("before") { Description = "A table for a first upsert, which is not counted." };
        var append = new Command("append", "Appends files like one, in one commit.") { file, files };
        append.SetAction((parsed, _) => WorkAsync(parsed, worker => worker.AppendAsync(parsed.GetValue(file)!, parsed.GetValue(files))));
        var plan = new Command("plan", "Plans a read.") { metrics, filter };
        plan.SetAction((parsed, _) => WorkAsync(parsed, worker => worker.PlanAsync(parsed.GetValue(metrics), parsed.GetValue(filter))));
        var upsert = new Command("upsert", "Upserts a file.") { before, file };
        upsert.SetAction((parsed, _) => WorkAsync(parsed, worker => worker.UpsertAsync(parsed.GetValue(before)!, parsed.GetValue(file)!)));
        return new Command("table-worker", "Works on a table in this process, with the ledger in DATALAKE_BENCHMARK_SOURCE (started by the benchmarks; of use for profiling).") { lake, table, repeat, append, plan, upsert };

        async Task WorkAsync(ParseResult parsed, Func<TableWorker, Task> work)
        {
            await using var opened = new TableLake(parsed.GetValue(lake)!, Source());
            await work(new TableWorker(opened, parsed.GetValue(table)!, parsed.GetValue(repeat)));
        }
    }

    public static Command Idle()
    {
        var command = new Command("idle", "The runtime's own memory (started by the benchmarks).");
        command.SetAction(_ => Contenders.Worker.Idle());
        return command;
    }

    private static string Source() => Environment.GetEnvironmentVariable("DATALAKE_BENCHMARK_SOURCE")
        ?? throw new InvalidOperationException("Set DATALAKE_BENCHMARK_SOURCE to the source's connection string.");
}
