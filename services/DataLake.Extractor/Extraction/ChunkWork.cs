using System.Collections.Concurrent;
using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Parquet.Schema;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Types;
using DataLake.Storage;

namespace DataLake.Extractor.Extraction;

/// <summary>What the connections of one run share while they read its chunks.</summary>
internal sealed class ChunkWork(
    Run run, TableName table, IReadOnlyList<ColumnMapping> mappings, ConcurrentQueue<Chunk> queue, string folder, Action<int> onRows)
{
    private int lastNumber = -1;

    public Run Run { get; } = run;

    public TableName Table { get; } = table;

    public IReadOnlyList<ColumnMapping> Mappings { get; } = mappings;

    public IReadOnlyList<string> Names { get; } = [.. mappings.Select(mapping => mapping.Name)];

    public ParquetSchema Schema { get; } = new([.. mappings.Select(mapping => mapping.Column)]);

    /// <summary>How the files are written.</summary>
    public FilesDefinition Form { get; init; } = DefinitionDefaults.Files;

    /// <summary>The chunks that no connection has taken yet.</summary>
    public ConcurrentQueue<Chunk> Queue { get; } = queue;

    /// <summary>The files published so far.</summary>
    public ConcurrentBag<RunFile> Files { get; } = [];

    public Action<int> OnRows { get; } = onRows;

    /// <summary>The number and path of one more file of the attempt.</summary>
    public (int Number, string Path) NextFile()
    {
        var number = Interlocked.Increment(ref lastNumber);
        return (number, LakePath.RawFile(folder, Run.Attempt, number));
    }
}
