using System.Numerics;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Encodings;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Statistics;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Writing;

/// <summary>
/// Writes one Parquet file. Append to every column of <see cref="Columns"/>, call <see cref="EndBatchAsync"/> every now and then when all hold the same
/// number of rows, and <see cref="CompleteAsync"/> at the end. Without that call the output is not a Parquet file. One thread at a time.
/// </summary>
/// <remarks>Appending allocates nothing per row: values go to arrays that are pooled and reused for the life of the writer.</remarks>
public sealed class ParquetFileWriter : IAsyncDisposable
{
    private const int SmallestPage = 8 * 1024;
    private const int SmallestDictionary = 16 * 1024;
    private static readonly byte[] Magic = "PAR1"u8.ToArray();
    private readonly Stream _output;
    private readonly ParquetSchema _schema;
    private readonly ParquetWriterOptions _options;
    private readonly PageWorkspace _workspace;
    private readonly ColumnBuffer[] _columns;
    private readonly List<RowGroupMetadata> _rowGroups = [];
    private readonly PageIndexBuffer _indexes = new();
    private long _rowsWritten;
    private State _state = State.Open;

    /// <summary>Creates a writer.</summary>
    /// <param name="output">Where to write from its current position on; only written to, never sought. It stays open when the writer is disposed.</param>
    /// <param name="schema">The columns.</param>
    /// <param name="options">Sizes, compression, notes.</param>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidSchema"/>: options out of range;
    /// <see cref="ParquetErrorKind.Unsupported"/>: an INT96 column.</exception>
    public ParquetFileWriter(Stream output, ParquetSchema schema, ParquetWriterOptions options)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(schema);
        _output = output;
        _schema = schema;
        _options = options;

        // With many columns, open pages take half of the row group's bytes at most, and dictionaries a quarter: half of that as columns need it.
        var share = options.RowGroupBytes / schema.Columns.Count;
        var pageBytes = (int)Math.Min(options.PageBytes, Math.Max(share / 2, SmallestPage));
        var ownDictionary = (int)Math.Min(options.DictionaryLimitBytes, Math.Max(share / 8, SmallestDictionary));
        var dictionaries = new DictionaryBudget(
            options.DictionaryLimitBytes, ownDictionary, Math.Max(0, (options.RowGroupBytes / 4) - ((long)ownDictionary * schema.Columns.Count)));
        _workspace = new PageWorkspace(
            PageCodec.Create(options.Compression), 1 << BitOperations.Log2((uint)pageBytes), dictionaries, options.MaxValueBytes, options.BloomFilters);
        _columns = [.. schema.Columns.Select(column => ColumnBuffer.Create(column, _workspace))];
    }

    private enum State
    {
        Open,
        Writing,
        Complete,
        Disposed,
    }

    /// <summary>The columns in schema order.</summary>
    public IReadOnlyList<ColumnBuffer> Columns => _columns;

    /// <summary>Bytes held for the row group that is being gathered.</summary>
    public long BufferedBytes
    {
        get
        {
            var bytes = 0L;
            foreach (var column in _columns) bytes += column.BufferedBytes;
            return bytes;
        }
    }

    /// <summary>Bytes written to the output so far.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>The row groups written so far: all of them and their places once the file is complete, before that without the page indexes, which follow at its end.</summary>
    public ParquetFileMetadata WrittenMetadata => new()
    {
        Version = 1,
        Schema = _schema,
        RowCount = _rowsWritten,
        RowGroups = [.. _rowGroups],
        KeyValueMetadata = [.. (_options.KeyValueMetadata ?? new Dictionary<string, string>()).Select(note => new KeyValuePair<string, string?>(note.Key, note.Value))],
        CreatedBy = _options.CreatedBy,
    };

    /// <summary>The number of row groups written so far.</summary>
    public int RowGroupsWritten => _rowGroups.Count;

    /// <summary>The column at a position of the schema; cast it to the buffer of its physical type.</summary>
    public ColumnBuffer this[int column] => _columns[column];

    /// <summary>Tells the writer that all columns hold the same number of rows. Writes a row group when one is large enough.</summary>
    /// <param name="cancellationToken">Ends the writing; the file cannot be completed then.</param>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidState"/>: the columns differ in rows, or the writer is complete, disposed, or
    /// failed before.</exception>
    public ValueTask EndBatchAsync(CancellationToken cancellationToken)
    {
        var rows = CheckedRowCount();
        return rows - _rowsWritten >= _options.RowGroupRows || BufferedBytes >= _options.RowGroupBytes
            ? WriteRowGroupAsync(rows, cancellationToken)
            : ValueTask.CompletedTask;
    }

    /// <summary>Tells the writer that all columns hold the same number of rows, and writes them as a row group however few they are. Does nothing where there are none.</summary>
    /// <param name="cancellationToken">Ends the writing; the file cannot be completed then.</param>
    /// <exception cref="ParquetException">As for <see cref="EndBatchAsync"/>.</exception>
    public ValueTask EndRowGroupAsync(CancellationToken cancellationToken)
    {
        var rows = CheckedRowCount();
        return rows > _rowsWritten ? WriteRowGroupAsync(rows, cancellationToken) : ValueTask.CompletedTask;
    }

    /// <summary>Writes what is left and the footer, and flushes the output.</summary>
    /// <param name="cancellationToken">Ends the writing; the file cannot be completed then.</param>
    /// <returns>What the file holds.</returns>
    /// <exception cref="ParquetException">As for <see cref="EndBatchAsync"/>.</exception>
    public async Task<ParquetFileSummary> CompleteAsync(CancellationToken cancellationToken)
    {
        await EndRowGroupAsync(cancellationToken);
        _state = State.Writing;
        await WriteMagicOnceAsync(cancellationToken);
        await WritePageIndexesAsync(cancellationToken);
        var metadata = WrittenMetadata;
        using (var footer = new PooledBuffer())
        {
            FileMetadataWriter.Write(metadata, new ThriftCompactWriter(footer));
            footer.AppendInt32(footer.Length);
            footer.Append(Magic);
            await WriteAsync(footer.Memory, cancellationToken);
        }

        await _output.FlushAsync(cancellationToken);
        _state = State.Complete;
        ReleaseBuffers();
        return FileSummary.Of(metadata, BytesWritten);
    }

    /// <summary>Gives the buffers back. The output stays open; unless <see cref="CompleteAsync"/> succeeded, what it holds is not a Parquet file.</summary>
    public ValueTask DisposeAsync()
    {
        if (_state != State.Complete) ReleaseBuffers();
        _state = State.Disposed;
        return ValueTask.CompletedTask;
    }

    private long CheckedRowCount()
    {
        if (_state != State.Open)
        {
            throw new ParquetException(
                ParquetErrorKind.InvalidState, _state == State.Writing ? "An earlier write of this file failed; start a new file." : "This file is complete or its writer disposed.");
        }

        var rows = _columns[0].RowCount;
        foreach (var column in _columns)
        {
            if (column.PendingFault() is { } fault) throw new ParquetException(ParquetErrorKind.InvalidState, fault);
            if (column.RowCount == rows) continue;
            throw new ParquetException(
                ParquetErrorKind.InvalidState,
                $"Column '{column.Column.Name}' holds {column.RowCount} rows where '{_columns[0].Column.Name}' holds {rows}; append one value or null a row to every column.");
        }

        return rows;
    }

    private async ValueTask WriteRowGroupAsync(long rows, CancellationToken cancellationToken)
    {
        // Anything that stops halfway leaves this state, and with it the writer unusable.
        _state = State.Writing;
        await WriteMagicOnceAsync(cancellationToken);
        var start = BytesWritten;
        var chunks = new ColumnChunkMetadata[_columns.Length];
        for (var i = 0; i < _columns.Length; i++)
        {
            _columns[i].ClosePage();
            chunks[i] = await _columns[i].Encoder.WriteChunkAsync(_output, BytesWritten, _indexes, cancellationToken);
            BytesWritten += chunks[i].TotalCompressedSize;
        }

        var size = BytesWritten - start;
        await WriteBloomFiltersAsync(chunks, cancellationToken);

        _rowGroups.Add(new RowGroupMetadata
        {
            Columns = chunks,
            RowCount = rows - _rowsWritten,
            TotalByteSize = chunks.Sum(chunk => chunk.TotalUncompressedSize),
            TotalCompressedSize = size,
            FileOffset = start,
            Ordinal = _rowGroups.Count,
        });
        _rowsWritten = rows;
        _state = State.Open;
    }

    /// <summary>Bloom filters follow the row group whose values they know, so that they need not be kept
    /// (<see href="https://github.com/apache/parquet-format/blob/master/BloomFilter.md">BloomFilter.md</see> allows this place).</summary>
    private async ValueTask WriteBloomFiltersAsync(ColumnChunkMetadata[] chunks, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            if (!_columns[i].Encoder.TakeBloomFilter()) continue;
            chunks[i] = chunks[i] with { BloomFilter = new FileRange(BytesWritten, _workspace.Body.Length) };
            await WriteAsync(_workspace.Body.Memory, cancellationToken);
        }
    }

    /// <summary>Writes the page indexes of all row groups and notes their places.</summary>
    private async ValueTask WritePageIndexesAsync(CancellationToken cancellationToken)
    {
        var columnIndex = BytesWritten;
        var offsetIndex = columnIndex + _indexes.ColumnIndexes.Length;
        await WriteAsync(_indexes.ColumnIndexes, cancellationToken);
        await WriteAsync(_indexes.OffsetIndexes, cancellationToken);
        var next = 0;
        for (var i = 0; i < _rowGroups.Count; i++)
        {
            var chunks = _rowGroups[i].Columns.ToArray();
            for (var column = 0; column < chunks.Length; column++)
            {
                var (columnLength, offsetLength) = _indexes.Lengths[next++];
                chunks[column] = chunks[column] with
                {
                    ColumnIndex = columnLength > 0 ? new FileRange(columnIndex, columnLength) : null,
                    OffsetIndex = new FileRange(offsetIndex, offsetLength),
                };
                columnIndex += columnLength;
                offsetIndex += offsetLength;
            }

            _rowGroups[i] = _rowGroups[i] with { Columns = chunks };
        }
    }

    private ValueTask WriteMagicOnceAsync(CancellationToken cancellationToken) =>
        BytesWritten == 0 ? WriteAsync(Magic, cancellationToken) : ValueTask.CompletedTask;

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _output.WriteAsync(bytes, cancellationToken);
        BytesWritten += bytes.Length;
    }

    private void ReleaseBuffers()
    {
        foreach (var column in _columns) column.Release();
        _indexes.Dispose();
        _workspace.Dispose();
    }
}
