using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DataLake.Contracts;
using DataLake.Extractor.Extraction;
using DataLake.Extractor.Files;
using DataLake.Ledger.Model;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace DataLake.Benchmarks.Contenders;

/// <summary>
/// The extractor's own code on one table, in a process of its own: snapshot, chunks, COPY, Parquet, checked and published files. Prints what the process used.
/// </summary>
internal static class Worker
{
    public static async Task RunAsync(string connectionString, string table, string lakeFolder, int connections)
    {
        var watch = Stopwatch.StartNew();
        var lake = new LakeDirectory(lakeFolder);
        await using var snapshot = await SourceSnapshot.TakeAsync(new SourceConnections(connectionString, connections, "DataLake benchmark"), CancellationToken.None);
        var source = await TableInspector.InspectAsync(snapshot.Owner, TableName.TryParse(table)!, CancellationToken.None);
        var mappings = source.Columns.Select((column, i) => ColumnMapping.Of(column, i + 1)).ToList();
        var chunks = await ChunkPlanner.PlanAsync(snapshot.Owner, source, new ChunkRule.Count(connections), null, connections, CancellationToken.None);
        var run = new Run { Id = Guid.CreateVersion7(), Pipeline = "benchmark", Table = table, Attempt = 1 };
        var rows = 0L;
        var work = new ChunkWork(run, source, mappings, chunks, $"raw/{table}", count => Interlocked.Add(ref rows, count));
        await new ChunkReading(lake, new ExtractorOptions(), TimeProvider.System, NullLogger.Instance).ReadAsync(snapshot, work, CancellationToken.None);
        var used = new WorkerReport(
            rows, watch.Elapsed.TotalSeconds, Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds, PeakBytes(), work.Files.Sum(file => file.Bytes));
        Console.WriteLine(JsonSerializer.Serialize(used));
    }

    /// <summary>The floor: a process of the same program that does nothing.</summary>
    public static void Idle() => Console.WriteLine(JsonSerializer.Serialize(
        new WorkerReport(0, 0, Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds, PeakBytes(), 0)));

    private static long PeakBytes()
    {
        // VmHWM of proc(5): the largest resident memory so far, in kB.
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}

/// <summary>What a worker used.</summary>
internal sealed record WorkerReport(long Rows, double Seconds, double CpuSeconds, long PeakBytes, long OutputBytes);
