using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Encodings;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Statistics;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Columns;

/// <summary>
/// Turns the pages of one column into bytes and keeps those of the current row group. A chunk starts with a dictionary; when that does not pay on the
/// first page, or grows beyond its limit later, the remaining pages are PLAIN. Where a page is too small to tell, the whole chunk is looked at, and decides for
/// those after it. Pages are data pages v1, the most widely read kind.
/// </summary>
internal sealed class ColumnChunkEncoder
{
    // After a dictionary that did not pay, this many chunks are written without trying: unique columns stay unique.
    private const int ChunksWithoutTrying = 4;

    // A first page of at least this many bytes says whether compression makes the chunk smaller by a tenth; if not, none of it is compressed.
    private const int TellingPage = 4096;
    private const int HugePage = PooledArray.LargestPooled;
    private const int TellingPart = 1 << 20;
    private readonly ParquetColumn _column;
    private readonly ParquetColumn _leaf;
    private readonly PageWorkspace _workspace;
    private readonly ThriftCompactWriter _header;
    private readonly StatisticsCollector _statistics;
    private readonly PageIndexBuilder _index;
    private readonly ValueDictionary? _dictionary;

    // Only where a dictionary can hold more values than come with a page.
    private readonly DistinctSurvey? _survey;
    private readonly SplitBlockBloomFilter? _bloomFilter;
    private readonly SegmentedBuffer _pages;
    private bool _useDictionary;
    private bool _isCompressed;
    private int _chunksToSkip;

    // Bytes a value took without a dictionary in a chunk that should have had one; zero where the first page decides.
    private double _plainValueBytes;

    // Dictionary values that pages refer to; the dictionary may hold more, from a page that went over the limit.
    private int _dictionaryCount;

    // What the dictionary has taken of the bytes that all columns share.
    private long _dictionaryTaken;
    private int _plainPages;
    private int _dictionaryPages;
    private long _uncompressed;
    private long _entries;
    private long _nulls;

    public ColumnChunkEncoder(ParquetColumn column, PageWorkspace workspace)
    {
        _column = column;
        _leaf = column.Leaf;
        _workspace = workspace;
        _header = new ThriftCompactWriter(workspace.Header);
        _pages = new SegmentedBuffer(workspace.Segments);
        _statistics = StatisticsCollector.Create(_leaf);
        _index = new PageIndexBuilder(_leaf);
        _dictionary = _leaf.PhysicalType switch
        {
            PhysicalType.Boolean => null,
            PhysicalType.Int32 or PhysicalType.Float => new FixedWidthDictionary<int>(),
            PhysicalType.Int64 or PhysicalType.Double => new FixedWidthDictionary<long>(),
            _ => new ByteArrayDictionary(_leaf.FixedLength),
        };
        if (workspace.BloomFilters.TryGetValue(column.Name, out var bloom)) _bloomFilter = new SplitBlockBloomFilter(_leaf, bloom.RoundedBytes);
        _useDictionary = _dictionary is not null && !workspace.Dictionaries.IsNone;
        if (_useDictionary && workspace.Dictionaries.Limit(0) > workspace.PageBytes) _survey = new DistinctSurvey(_leaf, workspace.PageBytes);
        _isCompressed = workspace.Codec.Codec != CompressionCodec.None;
    }

    /// <summary>Bytes held: encoded pages and the dictionary.</summary>
    public long StoredBytes => _pages.Length + (_dictionary?.UsedBytes ?? 0) + _index.UsedBytes;

    /// <summary>Encodes one page.</summary>
    public void AddPage(OpenPage page, int valueCount, PageLevels levels)
    {
        var body = _workspace.Body;
        var values = page.Values;
        body.Clear();
        if (!levels.Repetition.IsEmpty) EncodeLevels(levels.Repetition, 1, levels.EntryCount, body);
        if (_column.MaxDefinitionLevel is > 0 and var highest) EncodeLevels(levels.Definition, highest, levels.EntryCount, body);
        var encoding = ParquetEncoding.RleDictionary;
        if (!TryEncodeIndices(values, valueCount))
        {
            encoding = ParquetEncoding.Plain;
            _statistics.Update(values, valueCount);
            _bloomFilter?.Insert(values, valueCount);
            if (_survey is { IsOpen: true }) _survey.Add(values, valueCount);
        }

        var content = encoding == ParquetEncoding.Plain ? AppendPlain(page, valueCount) : body.Span;
        var size = Store(new PageHeader { Type = PageType.Data, ValueCount = levels.EntryCount, Encoding = encoding }, content, _pages);
        var nulls = levels.EntryCount - valueCount;
        _statistics.EndPage(_index);
        _index.EndPage(levels.RowCount, valueCount, nulls, size);
        if (encoding == ParquetEncoding.Plain) _plainPages++;
        else _dictionaryPages++;
        _entries += levels.EntryCount;
        _nulls += nulls;
        _workspace.Shrink();
    }

    /// <summary>Writes the chunk, dictionary page first, and starts the next one. A Bloom filter is left to <see cref="TakeBloomFilter"/>.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="offset">The file offset of <paramref name="output"/>.</param>
    /// <param name="indexes">Takes the chunk's page indexes.</param>
    /// <param name="cancellationToken">Ends the writing; the file is then unusable.</param>
    public async ValueTask<ColumnChunkMetadata> WriteChunkAsync(Stream output, long offset, PageIndexBuffer indexes, CancellationToken cancellationToken)
    {
        var dictionarySize = 0L;
        if (_dictionaryCount > 0)
        {
            var dictionary = new SegmentedBuffer(_workspace.Segments);
            dictionarySize = EncodeDictionaryPage(dictionary);
            await dictionary.WriteToAsync(output, cancellationToken);
            dictionary.Clear();
        }

        await _pages.WriteToAsync(output, cancellationToken);
        indexes.Add(_index, offset + dictionarySize);
        var metadata = new ColumnChunkMetadata
        {
            PhysicalType = _leaf.PhysicalType,
            Encodings = UsedEncodings(),
            Codec = _isCompressed ? _workspace.Codec.Codec : CompressionCodec.None,
            ValueCount = _entries,
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

    /// <summary>Leaves the Bloom filter of the chunk that was written last in the workspace's body, and starts the next. False if the column has none.</summary>
    public bool TakeBloomFilter()
    {
        if (_bloomFilter is null) return false;
        _bloomFilter.Fold(_workspace.BloomFilters[_column.Name].FalsePositiveRate);
        var body = _workspace.Body;
        body.Clear();
        BloomFilterHeader.Write(_bloomFilter.ByteLength, new ThriftCompactWriter(body));
        body.Append(_bloomFilter.Bits);
        _bloomFilter.Clear();
        return true;
    }

    /// <summary>Gives all memory back.</summary>
    public void Release()
    {
        _pages.Clear();
        _index.Release();
        _dictionary?.Dispose();
        _survey?.Close();
    }

    private static void EncodeLevels(ReadOnlySpan<byte> levels, int highest, int count, PooledBuffer body)
    {
        body.AppendInt32(0);
        var start = body.Length;
        var bitWidth = RleHybridEncoder.BitWidth(highest);
        if (levels.IsEmpty) RleHybridEncoder.Run((uint)highest, count, bitWidth, body);
        else RleHybridEncoder.Encode(levels, bitWidth, body);
        body.PatchInt32(start - 4, body.Length - start);
    }

    /// <summary>Puts levels and values side by side: where the levels fit before the values, without a copy of these.</summary>
    private ReadOnlySpan<byte> AppendPlain(OpenPage page, int valueCount)
    {
        var body = _workspace.Body;
        if (_leaf.PhysicalType == PhysicalType.Boolean)
        {
            PackBooleans(page.Values[..valueCount], body);
            return body.Span;
        }

        if (body.Length <= page.Headroom)
        {
            var start = page.Headroom - body.Length;
            body.Span.CopyTo(page.Storage[start..]);
            return page.Storage[start..];
        }

        body.Append(page.Values);
        return body.Span;
    }

    private bool TryEncodeIndices(ReadOnlySpan<byte> plain, int count)
    {
        if (!_useDictionary || count == 0) return false;
        var (body, start) = (_workspace.Body, _workspace.Body.Length);
        var indices = _workspace.Indices(count);
        var isFirst = _dictionaryCount == 0;
        var decides = isFirst && _plainValueBytes == 0;
        if (!(decides && DictionarySample.LooksUnique(_dictionary!, _leaf, plain, count, _workspace.Compressed, indices))
            && _dictionary!.TryIndex(plain, count, indices, _workspace.Dictionaries.Limit(_dictionaryTaken)))
        {
            var bitWidth = RleHybridEncoder.BitWidth(_dictionary.Count - 1);
            body.Append((byte)bitWidth);
            RleHybridEncoder.Encode<int>(indices, bitWidth, body);
            if (!decides || body.Length - start + _dictionary.ByteLength < plain.Length)
            {
                _dictionaryCount = _dictionary.Count;
                _dictionaryTaken = _workspace.Dictionaries.Take(_dictionary.ByteLength, _dictionaryTaken);
                UpdateStatistics(plain, count, indices);
                return true;
            }

            body.Truncate(start);
        }

        _useDictionary = false;
        if (isFirst)
        {
            _dictionary!.Dispose(); // Another column can use its arrays meanwhile.
            _chunksToSkip = ChunksWithoutTrying;
            _survey?.Open();
        }
        else
        {
            _dictionaryTaken = _workspace.Dictionaries.Take(_dictionary!.ByteLength, _dictionaryTaken); // It holds values of the page that went over the limit.
        }

        return false;
    }

    /// <summary>Byte strings that repeat are compared once a page. Numbers are compared faster than looked up.</summary>
    private void UpdateStatistics(ReadOnlySpan<byte> plain, int count, ReadOnlySpan<int> indices)
    {
        if (_leaf.PhysicalType is not (PhysicalType.ByteArray or PhysicalType.FixedLengthByteArray) || _dictionaryCount > count)
        {
            _statistics.Update(plain, count);
            return;
        }

        var used = _workspace.Marks(_dictionaryCount);
        foreach (var index in indices) used[index] = 1;
        for (var i = 0; i < used.Length; i++)
            if (used[i] != 0) _statistics.Update(_dictionary!.PlainAt(i), 1);
    }

    /// <summary>PLAIN booleans: one bit each, least significant first.</summary>
    private static void PackBooleans(ReadOnlySpan<byte> values, PooledBuffer body)
    {
        var size = (values.Length + 7) / 8;
        BooleanPacking.Pack(values, body.Reserve(size)[..size]);
        body.Advance(size);
    }

    private int EncodeDictionaryPage(SegmentedBuffer target)
    {
        _workspace.Body.Clear();
        _dictionary!.AppendPlain(_dictionaryCount, _workspace.Body);
        _bloomFilter?.Insert(_workspace.Body.Span, _dictionaryCount);
        return Store(new PageHeader { Type = PageType.Dictionary, ValueCount = _dictionaryCount, Encoding = ParquetEncoding.Plain }, _workspace.Body.Span, target);
    }

    /// <summary>Compresses a page and appends it behind its header; returns their bytes.</summary>
    private int Store(PageHeader header, ReadOnlySpan<byte> content, SegmentedBuffer target)
    {
        var stored = content;
        if (_isCompressed)
        {
            // Indices seldom compress, but the values that may follow them can. Of a huge page its first part tells: nothing shall stand beside it for nothing.
            var isTelling = _entries == 0 && header.Encoding == ParquetEncoding.Plain && content.Length >= TellingPage;
            var part = isTelling && content.Length >= HugePage ? content[..TellingPart] : content;
            stored = Compress(part);
            _isCompressed = !isTelling || stored.Length <= part.Length / 10 * 9;
            if (!_isCompressed) stored = content;
            else if (part.Length < content.Length) stored = Compress(content);
        }

        _workspace.Header.Clear();
        (header with { UncompressedSize = content.Length, CompressedSize = stored.Length }).Write(_header);
        var size = _workspace.Header.Length + stored.Length;
        _uncompressed += _workspace.Header.Length + content.Length;
        target.Append(_workspace.Header.Span);
        if (stored.Length < HugePage) target.Append(stored);
        else target.AppendArray(_isCompressed ? _workspace.Compressed.Detach() : stored.ToArray(), stored.Length);
        return size;
    }

    private ReadOnlySpan<byte> Compress(ReadOnlySpan<byte> content)
    {
        var (compressed, codec) = (_workspace.Compressed, _workspace.Codec);
        compressed.Clear();
        compressed.Advance(codec.Compress(content, compressed.Reserve(codec.MaxCompressedLength(content.Length))));
        return compressed.Span;
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

    /// <summary>What the chunk says of the next: whether that has a dictionary whatever its first page looks like.</summary>
    private void Judge()
    {
        var stored = _pages.Length + (double)(_dictionaryCount > 0 ? _dictionary!.ByteLength : 0);
        if (_survey is { IsOpen: true, Values: > 0 })
        {
            // The dictionary is counted without compression, which leaves a margin.
            var different = _survey.Different();
            var dictionary = different * _survey.PlainBytes / _survey.Values;
            var indices = _survey.Values * Math.Log2(Math.Max(different, 2)) / 8;
            var pays = dictionary <= _workspace.Dictionaries.Limit(0) && dictionary + indices < stored;
            _plainValueBytes = pays ? stored / _survey.Values : 0;
            if (pays) _chunksToSkip = 0;
            _survey.Close();
        }
        else if (_plainValueBytes > 0 && (_plainPages > 0 || stored > _plainValueBytes * (_entries - _nulls)))
        {
            _plainValueBytes = 0;
        }
    }

    private void Reset()
    {
        Judge();
        _pages.Clear();
        _statistics.Reset();
        _index.Reset();
        if (_dictionaryTaken > 0) _dictionary!.Dispose(); // Another column may need the memory now.
        else _dictionary?.Clear();
        _workspace.Dictionaries.GiveBack(_dictionaryTaken);
        _useDictionary = _dictionary is not null && !_workspace.Dictionaries.IsNone && _chunksToSkip == 0;
        _isCompressed = _workspace.Codec.Codec != CompressionCodec.None;
        if (_chunksToSkip > 0) _chunksToSkip--;
        (_dictionaryCount, _dictionaryTaken, _plainPages, _dictionaryPages) = (0, 0, 0, 0);
        (_uncompressed, _entries, _nulls) = (0, 0, 0);
    }
}
