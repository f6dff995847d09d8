using System.Diagnostics;
using DataLake.Benchmarks.Measuring;
using DataLake.Contracts;
using DataLake.Extractor.Extraction;
using DataLake.Extractor.Files;
using DataLake.Extractor.Memory;
using DataLake.Ledger.Model;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Governor;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace DataLake.Benchmarks.Contenders;

/// <summary>
/// The extractor's own code on tables, in a process of its own: snapshot, chunks, COPY, Parquet, checked and published files. Prints what the process used.
/// </summary>
internal static class Worker
{
    private static readonly LargeRows LargeRows = new();

    public static async Task RunAsync(string connectionString, string lakeFolder, int connections, bool readsBack, bool atOnce, IReadOnlyList<string> tables)
    {
        var options = new ExtractorOptions { ReadsBack = readsBack };
        var watch = Stopwatch.StartNew();
        var lake = new LakeDirectory(lakeFolder);
        var memory = new MemoryBudget(Options.Create(options), TimeProvider.System, NullLogger<MemoryBudget>.Instance);
        var (rows, bytes) = (0L, 0L);
        string? refusal = null;
        try
        {
            foreach (var together in tables.Chunk(atOnce ? tables.Count : 1))
            {
                await Task.WhenAll(together.Select(async table =>
                {
                    using var share = await memory.BeginAsync(Guid.Empty, CancellationToken.None);
                    var source = new SourceConnections(connectionString, connections, "DataLake benchmark");
                    Interlocked.Add(ref bytes, await ReadAsync(source, lake, options, share, table, count => Interlocked.Add(ref rows, count)));
                }));
            }
        }
        catch (SourceException error)
        {
            refusal = error.Message;
        }

        OwnProcess.Print(new WorkerReport { Rows = rows, Seconds = watch.Elapsed.TotalSeconds, OutputBytes = bytes, Refusal = refusal });
    }

    /// <summary>The floor: a process of the same program that does nothing.</summary>
    public static void Idle() => OwnProcess.Print(new WorkerReport());

    /// <returns>Bytes of its files.</returns>
    private static async Task<long> ReadAsync(
        SourceConnections connections, LakeDirectory lake, ExtractorOptions options, MemoryShare memory, string table, Action<long> onRows)
    {
        await using var snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None);
        var source = await TableInspector.InspectAsync(snapshot.Owner, TableName.TryParse(table)!, CancellationToken.None);
        var mappings = source.Columns.Select((column, i) => ColumnMapping.Of(column, i + 1)).ToList();
        memory.Ensure(FileForm.LeastMemory(mappings.Count));
        var chunks = await ChunkPlanner.PlanAsync(snapshot.Owner, source, new ChunkRule.Automatic(), null, connections.MaxConnections, CancellationToken.None);
        var run = new Run { Id = Guid.CreateVersion7(), Pipeline = "benchmark", Table = table, Attempt = 1 };
        var work = new ChunkWork(run, source, mappings, chunks, $"raw/{table}", onRows);
        var governor = new SourceGovernor("benchmark", connections, DefinitionDefaults.Limits, TimeProvider.System, _ => { }, _ => { });
        var pace = new ReadPace(governor, "DataLake benchmark", TimeSpan.FromHours(4));
        await new ChunkReading(lake, options, LargeRows, memory, pace, TimeProvider.System, NullLogger.Instance).ReadAsync(snapshot, work, isLast: true, CancellationToken.None);
        return work.Files.Sum(file => file.Bytes);
    }
}
