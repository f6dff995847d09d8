using System.Buffers.Binary;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Encodings;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Reading;

/// <summary>Turns pages of one column chunk into values. Trusts neither headers nor bodies.</summary>
internal sealed class PageDecoder(ParquetColumn column, PageCodec codec, DecodeWorkspace workspace, ParquetReaderOptions options)
{
    private bool _hasDictionary;

    public bool HasDictionary => _hasDictionary;

    public void DecodeDictionary(PageHeader header, ReadOnlySpan<byte> page, ColumnValues values)
    {
        if (_hasDictionary) throw Corrupt("holds a second dictionary page");
        if (header.Encoding is not (ParquetEncoding.Plain or ParquetEncoding.PlainDictionary)) throw NotRead(header.Encoding);
        if (column.Leaf.PhysicalType == PhysicalType.Boolean) throw Corrupt("is BOOLEAN and has a dictionary");
        values.SetDictionary(Decompress(page, header.UncompressedSize, isCompressed: true), header.ValueCount);
        _hasDictionary = true;
        workspace.Shrink();
    }

    /// <summary>Adds the rows of a data page.</summary>
    public void DecodeData(PageHeader header, ReadOnlySpan<byte> page, ColumnValues values)
    {
        if (header.ValueCount > options.MaxPageRows)
            throw new ParquetException(ParquetErrorKind.LimitExceeded, $"A page of column '{column.Name}' states {header.ValueCount:N0} rows; MaxPageRows is {options.MaxPageRows:N0}.");
        ReadOnlySpan<byte> body, definition = [], repetition = [];
        if (header.Type == PageType.DataV2)
        {
            // Levels stand uncompressed in front and carry no length of their own.
            repetition = page[..header.RepetitionLevelsSize];
            definition = page.Slice(header.RepetitionLevelsSize, header.DefinitionLevelsSize);
            var size = header.RepetitionLevelsSize + header.DefinitionLevelsSize;
            body = Decompress(page[size..], header.UncompressedSize - size, header.IsCompressed);
        }
        else
        {
            body = Decompress(page, header.UncompressedSize, isCompressed: true);
            if (column.Element is not null) repetition = TakeLevels(header.RepetitionLevelEncoding, body, out body);
            if (column.MaxDefinitionLevel > 0) definition = TakeLevels(header.DefinitionLevelEncoding, body, out body);
        }

        DecodeValues(header.Encoding, body, DecodeLevels(repetition, definition, header.ValueCount, values), values.Leaf);
        workspace.Shrink();
    }

    private ReadOnlySpan<byte> TakeLevels(ParquetEncoding encoding, ReadOnlySpan<byte> body, out ReadOnlySpan<byte> rest)
    {
        if (encoding != ParquetEncoding.Rle) throw NotRead(encoding);
        var size = body.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(body);
        if (size < 0 || size > body.Length - 4) throw Corrupt("has a page whose levels are cut off");
        rest = body[(4 + size)..];
        return body.Slice(4, size);
    }

    /// <summary>Adds the rows and returns how many values they hold.</summary>
    private int DecodeLevels(ReadOnlySpan<byte> repetition, ReadOnlySpan<byte> definition, int entries, ColumnValues values)
    {
        if (column.MaxDefinitionLevel == 0)
        {
            values.AddRows(entries);
            return entries;
        }

        if (values is ListColumnValues lists)
        {
            var scratch = workspace.Levels(2L * entries);
            var starts = scratch[..entries];
            var levels = scratch[entries..];
            Fill(starts, repetition, 1);
            Fill(levels, definition, column.MaxDefinitionLevel);
            return lists.AddLevels(starts, levels);
        }

        var rows = values.AddRows(entries);
        Fill(rows, definition, 1);
        return rows.Count((byte)1);

        void Fill(Span<byte> target, ReadOnlySpan<byte> encoded, int highest)
        {
            new RleHybridDecoder(encoded, RleHybridEncoder.BitWidth(highest)).Decode(target);
            if (target.ContainsAnyExceptInRange((byte)0, (byte)highest)) throw Corrupt($"has a level above {highest}");
        }
    }

    private void DecodeValues(ParquetEncoding encoding, ReadOnlySpan<byte> body, int count, ColumnValues values)
    {
        if (count == 0) return;
        switch (encoding)
        {
            case ParquetEncoding.Plain when column.Leaf.PhysicalType == PhysicalType.Boolean:
                if (body.Length < (count + 7) / 8) throw Corrupt("has a page that ends before its values");
                var unpacked = workspace.Levels(count);
                BooleanPacking.Unpack(body, unpacked);
                values.AddPlain(unpacked, count);
                break;
            case ParquetEncoding.Plain:
                values.AddPlain(body, count);
                break;
            case ParquetEncoding.Rle when column.Leaf.PhysicalType == PhysicalType.Boolean:
                if (body.Length < 4) throw Corrupt("has a page that ends before its values");
                var decoded = workspace.Levels(count);
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
        var indices = workspace.Indices(count);
        new RleHybridDecoder(body[1..], body[0]).Decode(indices);
        var limit = values.DictionaryCount;
        var wrong = limit == 0 ? 0 : indices.IndexOfAnyExceptInRange(0, limit - 1);
        if (wrong >= 0) throw Corrupt($"refers to value {(uint)indices[wrong]} of a dictionary of {limit}");
        values.AddIndices(indices);
    }

    /// <summary>The body of a page. Memory is only set aside for sizes that the compressed bytes can account for.</summary>
    private ReadOnlySpan<byte> Decompress(ReadOnlySpan<byte> page, int size, bool isCompressed)
    {
        if (!isCompressed || codec.Codec == CompressionCodec.None)
        {
            if (page.Length != size) throw Corrupt($"has an uncompressed page of {page.Length} bytes whose header states {size}");
            return page;
        }

        if (size == 0) return [];
        if (size > codec.MaxDecompressedLength(page.Length)) throw Corrupt($"states {size} bytes for a page of {page.Length} compressed bytes");
        var body = workspace.Body;
        body.Clear();
        codec.Decompress(page, body.Reserve(size)[..size]);
        body.Advance(size);
        return body.Span;
    }

    private ParquetException Corrupt(string what) => ParquetException.Corrupt($"Column '{column.Name}' {what}.");

    private ParquetException NotRead(ParquetEncoding encoding) =>
        ParquetException.Unsupported($"Column '{column.Name}' uses encoding {encoding}, which is not read; PLAIN and dictionary are.");
}
