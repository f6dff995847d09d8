using DataLake.Parquet.Encodings;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Reading;

/// <summary>Reads one column of one row group, page by page, in memory of about a page and the dictionary.</summary>
public sealed class ColumnChunkReader : IDisposable
{
    private const int HeaderWindow = 1024;
    private const int LargestHeader = 16 << 20;
    private readonly ColumnChunkMetadata _chunk;
    private readonly ParquetReaderOptions _options;
    private readonly ChunkSource _source;
    private readonly PageDecoder _decoder;
    private readonly long _rowCount;
    private long _entries;
    private long _rows;

    internal ColumnChunkReader(ChunkSource source, ParquetColumn column, RowGroupMetadata rowGroup, ColumnChunkMetadata chunk, DecodeWorkspace workspace, ParquetReaderOptions options)
    {
        _rowCount = rowGroup.RowCount;
        _chunk = chunk;
        _options = options;
        Values = ColumnValues.Create(column);
        _decoder = new PageDecoder(column, workspace.Codec(chunk.Codec), workspace, options);
        _source = source;
    }

    /// <summary>The rows of the page that was read last. Its contents change with the next page; dispose the reader, not this.</summary>
    public ColumnValues Values { get; private set; }

    /// <summary>Reads the next page into <see cref="Values"/>.</summary>
    /// <returns>False when the chunk has no more rows.</returns>
    /// <exception cref="ParquetException">The page is damaged, not supported, or larger than the options allow; or it goes on with a list that began on the
    /// page before it, as a writer without page indexes may have it: read the whole chunk then.</exception>
    public ValueTask<bool> ReadPageAsync(CancellationToken cancellationToken)
    {
        Values.Clear();
        return AddPageAsync(cancellationToken);
    }

    /// <summary>Makes a later page the next one to be read. Those before it are not read, only the dictionary.</summary>
    /// <param name="page">Where the page stands, by the file's <see cref="OffsetIndex"/>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.Corrupt"/>: the page is not ahead in this chunk. <see cref="ParquetErrorKind.Unsupported"/>: the column is a list.</exception>
    public async ValueTask SeekPageAsync(PageLocation page, CancellationToken cancellationToken)
    {
        if (Values.Column.Element is not null) throw ParquetException.Unsupported($"The pages of list '{Values.Column.Name}' are read one after another only.");
        if (_entries == 0 && !_decoder.HasDictionary && _chunk.Encodings.Any(encoding => encoding is ParquetEncoding.RleDictionary or ParquetEncoding.PlainDictionary))
        {
            var header = await ReadHeaderAsync(cancellationToken);
            Check(header);
            if (header.Type == PageType.Dictionary) _decoder.DecodeDictionary(header, (await TakeBodyAsync(header, cancellationToken)).Span, Values);
        }

        if (page.FirstRow < _rows || page.FirstRow > _rowCount || !_source.SeekTo(page.Offset))
            throw ParquetException.Corrupt($"A page of column '{Values.Column.Name}' is said to stand at byte {page.Offset} with row {page.FirstRow}, which is not ahead in its chunk.");
        Values.Clear();
        _rows = _entries = page.FirstRow;
    }

    /// <summary>Gives the memory back. The file stays open.</summary>
    public void Dispose()
    {
        _source.Dispose();
        Values.Dispose();
    }

    /// <summary>Adds the next page to <see cref="Values"/>.</summary>
    internal async ValueTask<bool> AddPageAsync(CancellationToken cancellationToken)
    {
        if (await NextDataPageAsync(cancellationToken) is not { } header) return false;
        var page = await TakeBodyAsync(header, cancellationToken);
        var rows = Values.RowCount;
        _decoder.DecodeData(header, page.Span, Values);
        _source.Shrink();
        _rows += Values.RowCount - rows;
        _entries += header.ValueCount;
        return true;
    }

    /// <summary>Goes on to the body of the next data page that has rows, taking in the dictionary on the way; null at the end of the chunk.</summary>
    private async ValueTask<PageHeader?> NextDataPageAsync(CancellationToken cancellationToken)
    {
        while (_entries < _chunk.ValueCount)
        {
            if (_source.Remaining == 0)
                throw ParquetException.Corrupt($"Column '{Values.Column.Name}' holds {_entries} values where its metadata states {_chunk.ValueCount}.");
            var header = await ReadHeaderAsync(cancellationToken);
            Check(header);
            if (header.Type is PageType.Data or PageType.DataV2 && header.ValueCount > 0)
            {
                if (header.ValueCount > _chunk.ValueCount - _entries)
                    throw ParquetException.Corrupt($"The pages of column '{Values.Column.Name}' hold more than the {_chunk.ValueCount} values that its metadata states.");
                return header;
            }

            var body = await TakeBodyAsync(header, cancellationToken);
            if (header.Type == PageType.Dictionary) _decoder.DecodeDictionary(header, body.Span, Values);
        }

        if (_rows != _rowCount) throw ParquetException.Corrupt($"Column '{Values.Column.Name}' holds {_rows} rows in a row group of {_rowCount}.");
        return null;
    }

    private void Check(PageHeader header)
    {
        if (header.CompressedSize > _source.Remaining)
            throw ParquetException.Corrupt($"A page of column '{Values.Column.Name}' states {header.CompressedSize} bytes where {_source.Remaining} are left.");
        if (Math.Max(header.CompressedSize, header.UncompressedSize) > _options.MaxPageBytes)
        {
            throw new ParquetException(
                ParquetErrorKind.LimitExceeded, $"A page of column '{Values.Column.Name}' states {header.UncompressedSize:N0} bytes; MaxPageBytes is {_options.MaxPageBytes:N0}.");
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> TakeBodyAsync(PageHeader header, CancellationToken cancellationToken)
    {
        var body = (await _source.PeekAsync(header.CompressedSize, cancellationToken))[..header.CompressedSize];
        _source.Skip(header.CompressedSize);
        return body;
    }

    /// <summary>Hands <see cref="Values"/> over to the caller.</summary>
    internal ColumnValues TakeValues()
    {
        var values = Values;
        Values = ColumnValues.Create(values.Column);
        return values;
    }

    /// <summary>A header's size is not known before it is read: try with what is at hand, and with more where it ends too early.</summary>
    private async ValueTask<PageHeader> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        for (var window = HeaderWindow; ; window *= 8)
        {
            var bytes = await _source.PeekAsync(window, cancellationToken);
            try
            {
                return Parse(bytes.Span);
            }
            catch (ParquetException e) when (e.Kind == ParquetErrorKind.Truncated && bytes.Length < _source.Remaining && window < LargestHeader)
            {
            }
        }
    }

    private PageHeader Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new ThriftCompactReader(bytes);
        var header = PageHeader.Read(ref reader);
        _source.Skip(reader.Position);
        return header;
    }
}
