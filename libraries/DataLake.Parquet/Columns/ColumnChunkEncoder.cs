using DataLake.Parquet.Buffers;
using DataLake.Parquet.Encodings;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Statistics;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Columns;

/// <summary>
/// Turns the pages of one column into bytes and keeps those of the current row group. A chunk starts with a dictionary; when that does not pay on the
/// first page, or grows beyond its limit later, the remaining pages are PLAIN. Pages are data pages v1, the most widely read kind.
/// </summary>
internal sealed class ColumnChunkEncoder
{
    // After a dictionary that did not pay, this many chunks are written without trying: unique columns stay unique.
    private const int ChunksWithoutTrying = 4;
    private readonly ParquetColumn _column;
    private readonly PageWorkspace _workspace;
    private readonly ThriftCompactWriter _header;
    private readonly StatisticsCollector _statistics;
    private readonly ValueDictionary? _dictionary;
    private readonly SegmentedBuffer _pages;
    private bool _useDictionary;
    private int _chunksToSkip;

    // Dictionary values that pages refer to; the dictionary may hold more, from a page that went over the limit.
    private int _dictionaryCount;
    private int _plainPages;
    private int _dictionaryPages;
    private long _uncompressed;
    private long _rows;
    private long _nulls;

    public ColumnChunkEncoder(ParquetColumn column, PageWorkspace workspace)
    {
        _column = column;
        _workspace = workspace;
        _header = new ThriftCompactWriter(workspace.Header);
        _pages = new SegmentedBuffer(workspace.Segments);
        _statistics = StatisticsCollector.Create(column);
        _dictionary = column.PhysicalType switch
        {
            PhysicalType.Boolean => null,
            PhysicalType.Int32 or PhysicalType.Float => new FixedWidthDictionary<int>(),
            PhysicalType.Int64 or PhysicalType.Double => new FixedWidthDictionary<long>(),
            _ => new ByteArrayDictionary(column.FixedLength),
        };
        _useDictionary = _dictionary is not null;
    }

    public PageWorkspace Workspace => _workspace;

    /// <summary>Bytes held: encoded pages and the dictionary.</summary>
    public long StoredBytes => _pages.Length + (_dictionary?.UsedBytes ?? 0);

    /// <summary>Encodes one page.</summary>
    /// <param name="plain">The values that are not null, in PLAIN encoding (booleans: one byte each).</param>
    /// <param name="valueCount">How many those are.</param>
    /// <param name="levels">One definition level a row, or empty when no row is null.</param>
    /// <param name="rowCount">Rows, nulls included.</param>
    public void AddPage(ReadOnlySpan<byte> plain, int valueCount, ReadOnlySpan<byte> levels, int rowCount)
    {
        var body = _workspace.Body;
        body.Clear();
        if (_column.Nullable) EncodeLevels(levels, rowCount, body);
        _statistics.Update(plain, valueCount);
        var encoding = EncodeValues(plain, valueCount, body);
        Compress(new PageHeader { Type = PageType.Data, ValueCount = rowCount, Encoding = encoding });
        _pages.Append(_workspace.Header.Span);
        _pages.Append(_workspace.Compressed.Span);
        if (encoding == ParquetEncoding.Plain) _plainPages++;
        else _dictionaryPages++;
        _rows += rowCount;
        _nulls += rowCount - valueCount;
    }

    /// <summary>Writes the chunk, dictionary page first, and starts the next one.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="offset">The file offset of <paramref name="output"/>.</param>
    /// <param name="cancellationToken">Ends the writing; the file is then unusable.</param>
    public async ValueTask<ColumnChunkMetadata> WriteChunkAsync(Stream output, long offset, CancellationToken cancellationToken)
    {
        var dictionarySize = 0;
        if (_dictionaryCount > 0)
        {
            EncodeDictionaryPage();
            dictionarySize = _workspace.Header.Length + _workspace.Compressed.Length;
            await output.WriteAsync(_workspace.Header.Memory, cancellationToken);
            await output.WriteAsync(_workspace.Compressed.Memory, cancellationToken);
        }

        await _pages.WriteToAsync(output, cancellationToken);
        var metadata = new ColumnChunkMetadata
        {
            PhysicalType = _column.PhysicalType,
            Encodings = UsedEncodings(),
            Codec = _workspace.Codec.Codec,
            ValueCount = _rows,
            TotalUncompressedSize = _uncompressed,
            TotalCompressedSize = dictionarySize + _pages.Length,
            DataPageOffset = offset + dictionarySize,
            DictionaryPageOffset = dictionarySize > 0 ? offset : null,
            Statistics = _statistics.Build(_nulls),
            PageCounts = (_plainPages, _dictionaryPages),
        };
        Reset();
        return metadata;
    }

    /// <summary>Gives all memory back.</summary>
    public void Release()
    {
        _pages.Clear();
        _dictionary?.Dispose();
    }

    private static void EncodeLevels(ReadOnlySpan<byte> levels, int rowCount, PooledBuffer body)
    {
        body.AppendInt32(0);
        var start = body.Length;
        if (levels.IsEmpty) RleHybridEncoder.Run(1, rowCount, 1, body);
        else RleHybridEncoder.Encode(levels, 1, body);
        body.PatchInt32(start - 4, body.Length - start);
    }

    private ParquetEncoding EncodeValues(ReadOnlySpan<byte> plain, int count, PooledBuffer body)
    {
        if (_column.PhysicalType == PhysicalType.Boolean)
        {
            PackBooleans(plain[..count], body);
            return ParquetEncoding.Plain;
        }

        if (_useDictionary && count > 0)
        {
            if (TryEncodeIndices(plain, count, body)) return ParquetEncoding.RleDictionary;
            _useDictionary = false;
            if (_dictionaryCount == 0)
            {
                _dictionary!.Clear();
                _chunksToSkip = ChunksWithoutTrying;
            }
        }

        body.Append(plain);
        return ParquetEncoding.Plain;
    }

    private bool TryEncodeIndices(ReadOnlySpan<byte> plain, int count, PooledBuffer body)
    {
        var indices = _workspace.Indices(count);
        if (!_dictionary!.TryIndex(plain, count, indices, _workspace.DictionaryLimitBytes)) return false;
        var start = body.Length;
        var bitWidth = RleHybridEncoder.BitWidth(_dictionary.Count - 1);
        body.Append((byte)bitWidth);
        RleHybridEncoder.Encode<int>(indices, bitWidth, body);
        if (_dictionaryCount == 0 && body.Length - start + _dictionary.ByteLength >= plain.Length)
        {
            body.Truncate(start);
            return false;
        }

        _dictionaryCount = _dictionary.Count;
        return true;
    }

    /// <summary>PLAIN booleans: one bit each, least significant first.</summary>
    private static void PackBooleans(ReadOnlySpan<byte> values, PooledBuffer body)
    {
        var size = (values.Length + 7) / 8;
        var packed = body.Reserve(size)[..size];
        packed.Clear();
        for (var i = 0; i < values.Length; i++) packed[i >> 3] |= (byte)(values[i] << (i & 7));
        body.Advance(size);
    }

    private void EncodeDictionaryPage()
    {
        _workspace.Body.Clear();
        _dictionary!.AppendPlain(_dictionaryCount, _workspace.Body);
        Compress(new PageHeader { Type = PageType.Dictionary, ValueCount = _dictionaryCount, Encoding = ParquetEncoding.Plain });
    }

    /// <summary>Leaves the compressed body and its header in the workspace.</summary>
    private void Compress(PageHeader header)
    {
        var (body, compressed, codec) = (_workspace.Body, _workspace.Compressed, _workspace.Codec);
        compressed.Clear();
        compressed.Advance(codec.Compress(body.Span, compressed.Reserve(codec.MaxCompressedLength(body.Length))));
        _workspace.Header.Clear();
        (header with { UncompressedSize = body.Length, CompressedSize = compressed.Length }).Write(_header);
        _uncompressed += _workspace.Header.Length + body.Length;
    }

    private ParquetEncoding[] UsedEncodings()
    {
        var plain = _plainPages > 0 || _dictionaryCount > 0;
        return
        [
            .. plain ? [ParquetEncoding.Plain] : Array.Empty<ParquetEncoding>(),
            ParquetEncoding.Rle,
            .. _dictionaryPages > 0 ? [ParquetEncoding.RleDictionary] : Array.Empty<ParquetEncoding>(),
        ];
    }

    private void Reset()
    {
        _pages.Clear();
        _statistics.Reset();
        _dictionary?.Clear();
        _useDictionary = _dictionary is not null && _chunksToSkip == 0;
        if (_chunksToSkip > 0) _chunksToSkip--;
        (_dictionaryCount, _plainPages, _dictionaryPages) = (0, 0, 0);
        (_uncompressed, _rows, _nulls) = (0, 0, 0);
    }
}
