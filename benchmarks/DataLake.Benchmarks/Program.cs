using System.CommandLine;
using DataLake.Benchmarks;
using DataLake.Benchmarks.Contenders;

var rows = new Option<long>("--rows") { Description = "Rows of the taxi table; the others have a share of it.", DefaultValueFactory = _ => 5_000_000 };
var tables = new Option<string[]>("--tables") { Description = "Which tables. Default: all.", AllowMultipleArgumentsPerToken = true };
var repeat = new Option<int>("--repeat") { Description = "How often each is measured; the median counts.", DefaultValueFactory = _ => 3 };
var folder = new Option<string>("--folder") { Description = "Where the source's cluster and the outputs lie; kept for the next time.", DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "datalake-benchmark") };
var extract = new Command("extract", "Extraction, side by side with draining COPY and with psql | DuckDB.") { rows, tables, repeat, folder };
extract.SetAction((parsed, _) => ExtractBenchmark.RunAsync(parsed.GetValue(rows), parsed.GetValue(tables) ?? [], parsed.GetValue(repeat), parsed.GetValue(folder)!));

var table = new Argument<string>("table");
var lake = new Argument<string>("lake");
var connections = new Argument<int>("connections");
var worker = new Command("worker", "One extraction in this process (started by the benchmark).") { table, lake, connections };
worker.SetAction((parsed, _) => Worker.RunAsync(
    Environment.GetEnvironmentVariable("DATALAKE_BENCHMARK_SOURCE")!, parsed.GetValue(table)!, parsed.GetValue(lake)!, parsed.GetValue(connections)));
var idle = new Command("idle", "The runtime's own memory (started by the benchmark).");
idle.SetAction(_ => Worker.Idle());

return await new RootCommand("DataLake's benchmarks.") { extract, worker, idle }.Parse(args).InvokeAsync();
