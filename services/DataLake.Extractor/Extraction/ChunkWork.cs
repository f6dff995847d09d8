using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using DataLake.Extractor.Files;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Types;
using DataLake.Ledger.Model;
using DataLake.Parquet.Schema;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.Storage;

namespace DataLake.Extractor.Extraction;

/// <summary>What the connections of one run share while they read its chunks.</summary>
internal sealed class ChunkWork
{
    private readonly Channel<ChunkRead> waiting = Channel.CreateUnbounded<ChunkRead>();
    private readonly ConcurrentBag<RunFile> files = [];
    private readonly Action<long> onRows;
    private readonly Lazy<IReadOnlyDictionary<string, string>> notes;
    private int unread;
    private int lastNumber = -1;

    /// <param name="run">The run.</param>
    /// <param name="source">Its table.</param>
    /// <param name="mappings">The table's columns as they are kept.</param>
    /// <param name="chunks">What is to be read, in this order.</param>
    /// <param name="folder">Where the files go.</param>
    /// <param name="onRows">Told of rows as they come, and with a negative number of those that are thrown away to be read again.</param>
    public ChunkWork(Run run, SourceTable source, IReadOnlyList<ColumnMapping> mappings, IReadOnlyList<Chunk> chunks, string folder, Action<long> onRows)
    {
        (Run, Source, Mappings, Folder, this.onRows) = (run, source, mappings, folder, onRows);
        Names = [.. mappings.Select(mapping => mapping.Name)];
        Schema = new ParquetSchema([.. mappings.Select(mapping => mapping.Column)]);
        notes = new(() => new Dictionary<string, string> { [ParquetTypes.SchemaNote] = Encoding.UTF8.GetString(SchemaJson.ToUtf8(ParquetTypes.ToIceberg(Schema))) });
        Chunks = unread = chunks.Count;
        Bytes = chunks.Aggregate((long?)0, (sum, chunk) => sum + chunk.Bytes);
        foreach (var chunk in chunks)
        {
            waiting.Writer.TryWrite(new ChunkRead(chunk, Time: 1));
        }
    }

    public Run Run { get; }

    public SourceTable Source { get; }

    public IReadOnlyList<ColumnMapping> Mappings { get; }

    public IReadOnlyList<string> Names { get; }

    public ParquetSchema Schema { get; }

    /// <summary>What the files' footers say besides: the schema in Iceberg's words, because their tables list these files as they are. Made when the first file begins: the source sends
    /// already then.</summary>
    public IReadOnlyDictionary<string, string> Notes => notes.Value;

    /// <summary>What the run takes of the processors.</summary>
    public ProcessorTime Processor { get; } = new();

    /// <summary>How the files are written.</summary>
    public FilesDefinition Form { get; init; } = DefinitionDefaults.Files;

    public string Folder { get; }

    /// <summary>About how many bytes are to be read; null where that is not known.</summary>
    public long? Bytes { get; }

    /// <summary>How many chunks there are in all.</summary>
    public int Chunks { get; }

    /// <summary>The files of the chunks that are read and published.</summary>
    public IReadOnlyCollection<RunFile> Files => files;

    /// <summary>Whether every chunk was read to its end, so that nothing more is asked of the source.</summary>
    public bool IsDone => Volatile.Read(ref unread) == 0;

    /// <summary>The next chunk to read; null when all are read. Where others are still at the last ones it waits: one of those may come back.</summary>
    public async ValueTask<ChunkRead?> TakeAsync(CancellationToken cancellation)
    {
        while (await waiting.Reader.WaitToReadAsync(cancellation))
        {
            if (waiting.Reader.TryRead(out var read))
            {
                return read;
            }
        }

        return null;
    }

    /// <summary>Rows of a chunk have come.</summary>
    public void Count(ChunkRead read, int rows)
    {
        read.Rows += rows;
        onRows(rows);
    }

    /// <summary>About how many rows a connection still reads after those that have come of its chunk; null where nobody knows, or another chunk waits for it.</summary>
    public double? RowsToCome(ChunkRead read) => waiting.Reader.Count > 0 ? null : read.Chunk.Rows - read.Rows;

    /// <summary>A chunk was read to its end. Its files may still have to be published.</summary>
    public void EndRead()
    {
        if (Interlocked.Decrement(ref unread) == 0)
        {
            waiting.Writer.Complete();
        }
    }

    /// <summary>The files of a chunk are published, and count.</summary>
    public void Keep(ChunkRead read) => read.Files.ForEach(files.Add);

    /// <summary>The rows of a chunk that broke off do not count.</summary>
    public void Forget(ChunkRead read) => onRows(-read.Rows);

    /// <summary>A chunk that broke off is to be read from its start again.</summary>
    public void ReadAgain(ChunkRead read) => waiting.Writer.TryWrite(new ChunkRead(read.Chunk, read.Time + 1));

    /// <summary>The number and path of one more file of the attempt.</summary>
    public (int Number, string Path) NextFile()
    {
        var number = Interlocked.Increment(ref lastNumber);
        return (number, LakePath.RawFile(Folder, Run.Attempt, number));
    }
}
