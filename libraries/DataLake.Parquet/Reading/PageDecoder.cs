using System.Buffers.Binary;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Encodings;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Reading;

/// <summary>Turns pages of one column chunk into values. Trusts neither headers nor bodies.</summary>
internal sealed class PageDecoder(ParquetColumn column, CompressionCodec codec, ParquetReaderOptions options) : IDisposable
{
    private readonly PageCodec _codec = PageCodec.Create(codec);
    private readonly PooledBuffer _body = new();
    private readonly PooledBuffer _booleans = new();
    private int[] _indices = [];
    private bool _hasDictionary;

    public void DecodeDictionary(PageHeader header, ReadOnlySpan<byte> page, ColumnValues values)
    {
        if (_hasDictionary) throw Corrupt("holds a second dictionary page");
        if (header.Encoding is not (ParquetEncoding.Plain or ParquetEncoding.PlainDictionary)) throw NotRead(header.Encoding);
        if (column.PhysicalType == PhysicalType.Boolean) throw Corrupt("is BOOLEAN and has a dictionary");
        values.SetDictionary(Decompress(page, header.UncompressedSize, isCompressed: true), header.ValueCount);
        _hasDictionary = true;
    }

    /// <summary>Adds the rows of a data page.</summary>
    public void DecodeData(PageHeader header, ReadOnlySpan<byte> page, ColumnValues values)
    {
        if (header.ValueCount > options.MaxPageRows)
            throw new ParquetException(ParquetErrorKind.LimitExceeded, $"A page of column '{column.Name}' states {header.ValueCount:N0} rows; MaxPageRows is {options.MaxPageRows:N0}.");
        ReadOnlySpan<byte> body;
        ReadOnlySpan<byte> levels = [];
        if (header.Type == PageType.DataV2)
        {
            // Levels stand uncompressed in front and carry no length of their own.
            levels = page.Slice(header.RepetitionLevelsSize, header.DefinitionLevelsSize);
            var size = header.RepetitionLevelsSize + header.DefinitionLevelsSize;
            body = Decompress(page[size..], header.UncompressedSize - size, header.IsCompressed);
        }
        else
        {
            body = Decompress(page, header.UncompressedSize, isCompressed: true);
            if (column.Nullable)
            {
                if (header.LevelEncoding != ParquetEncoding.Rle) throw NotRead(header.LevelEncoding);
                if (body.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(body) is var size && (size < 0 || size > body.Length - 4))
                    throw Corrupt("has a page whose levels are cut off");
                size = BinaryPrimitives.ReadInt32LittleEndian(body);
                levels = body.Slice(4, size);
                body = body[(4 + size)..];
            }
        }

        var count = header.ValueCount;
        if (column.Nullable) count = DecodeLevels(levels, header.ValueCount, values);
        else values.AddRows(count);
        DecodeValues(header.Encoding, body, count, values);
    }

    public void Dispose()
    {
        _body.Dispose();
        _booleans.Dispose();
        PooledArray.Return(ref _indices);
    }

    private static int DecodeLevels(ReadOnlySpan<byte> encoded, int rows, ColumnValues values)
    {
        var levels = values.AddRows(rows);
        new RleHybridDecoder(encoded, 1).Decode(levels);
        if (levels.ContainsAnyExceptInRange((byte)0, (byte)1))
            throw ParquetException.Corrupt($"Column '{values.Column.Name}' has a definition level above 1.");
        return levels.Count((byte)1);
    }

    private void DecodeValues(ParquetEncoding encoding, ReadOnlySpan<byte> body, int count, ColumnValues values)
    {
        if (count == 0) return;
        switch (encoding)
        {
            case ParquetEncoding.Plain when column.PhysicalType == PhysicalType.Boolean:
                if (body.Length < (count + 7) / 8) throw Corrupt("has a page that ends before its values");
                var unpacked = Booleans(count);
                for (var i = 0; i < count; i++) unpacked[i] = (byte)((body[i >> 3] >> (i & 7)) & 1);
                values.AddPlain(unpacked, count);
                break;
            case ParquetEncoding.Plain:
                values.AddPlain(body, count);
                break;
            case ParquetEncoding.Rle when column.PhysicalType == PhysicalType.Boolean:
                if (body.Length < 4) throw Corrupt("has a page that ends before its values");
                var decoded = Booleans(count);
                new RleHybridDecoder(body[4..], 1).Decode(decoded);
                foreach (ref var value in decoded) value &= 1;
                values.AddPlain(decoded, count);
                break;
            case ParquetEncoding.RleDictionary or ParquetEncoding.PlainDictionary:
                DecodeIndices(body, count, values);
                break;
            default:
                throw NotRead(encoding);
        }
    }

    private void DecodeIndices(ReadOnlySpan<byte> body, int count, ColumnValues values)
    {
        if (!_hasDictionary) throw Corrupt("refers to a dictionary that it does not have");
        if (body.IsEmpty) throw Corrupt("has a page that ends before its values");
        if (_indices.Length < count) PooledArray.Grow(ref _indices, 0, count);
        var indices = _indices.AsSpan(0, count);
        new RleHybridDecoder(body[1..], body[0]).Decode(indices);
        var limit = (uint)values.DictionaryCount;
        foreach (var index in indices)
            if ((uint)index >= limit) throw Corrupt($"refers to value {(uint)index} of a dictionary of {limit}");
        values.AddIndices(indices);
    }

    private Span<byte> Booleans(int count)
    {
        _booleans.Clear();
        return _booleans.Reserve(count)[..count];
    }

    /// <summary>The body of a page. Memory is only set aside for sizes that the compressed bytes can account for.</summary>
    private ReadOnlySpan<byte> Decompress(ReadOnlySpan<byte> page, int size, bool isCompressed)
    {
        if (!isCompressed || _codec.Codec == CompressionCodec.None)
        {
            if (page.Length != size) throw Corrupt($"has an uncompressed page of {page.Length} bytes whose header states {size}");
            return page;
        }

        if (size == 0) return [];
        if (size > options.MaxPageBytes)
            throw new ParquetException(ParquetErrorKind.LimitExceeded, $"A page of column '{column.Name}' states {size:N0} bytes; MaxPageBytes is {options.MaxPageBytes:N0}.");
        if (size > _codec.MaxDecompressedLength(page.Length)) throw Corrupt($"states {size} bytes for a page of {page.Length} compressed bytes");
        _body.Clear();
        _codec.Decompress(page, _body.Reserve(size)[..size]);
        _body.Advance(size);
        return _body.Span;
    }

    private ParquetException Corrupt(string what) => ParquetException.Corrupt($"Column '{column.Name}' {what}.");

    private ParquetException NotRead(ParquetEncoding encoding) =>
        ParquetException.Unsupported($"Column '{column.Name}' uses encoding {encoding}, which is not read; PLAIN and dictionary are.");
}
