using DataLake.Parquet.Compression;
using DataLake.Parquet.Encodings;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Metadata;

/// <summary>Reads the footer from untrusted bytes. Unknown fields are stepped over, missing ones that matter are errors.</summary>
internal static class FileMetadataReader
{
    public static ParquetFileMetadata Read(ReadOnlySpan<byte> footer)
    {
        var reader = new ThriftCompactReader(footer);
        int? version = null;
        long? rows = null;
        ParquetSchema? schema = null;
        var rowGroups = new List<RowGroupMetadata>();
        var notes = new List<KeyValuePair<string, string?>>();
        string? createdBy = null;
        reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 1: version = reader.I32(type); break;
                case 2: schema = SchemaReader.Read(ref reader, type); break;
                case 3: rows = reader.I64(type); break;
                case 4:
                    for (var n = reader.List(type, ThriftType.Struct); n > 0; n--) rowGroups.Add(ReadRowGroup(ref reader));
                    break;
                case 5:
                    for (var n = reader.List(type, ThriftType.Struct); n > 0; n--) notes.Add(ReadNote(ref reader));
                    break;
                case 6: createdBy = reader.String(type); break;
                default: reader.Skip(type); break;
            }
        }

        if (version is null || rows is null || schema is null) throw ParquetException.Corrupt("The footer lacks its version, schema or row count.");
        Check(schema, rowGroups, rows.Value);
        return new ParquetFileMetadata
        {
            Version = version.Value,
            Schema = schema,
            RowCount = rows.Value,
            RowGroups = rowGroups,
            KeyValueMetadata = notes,
            CreatedBy = createdBy,
        };
    }

    private static void Check(ParquetSchema schema, List<RowGroupMetadata> rowGroups, long rows)
    {
        var sum = 0L;
        foreach (var rowGroup in rowGroups)
        {
            if (rowGroup.RowCount < 0 || rowGroup.RowCount > rows) throw ParquetException.Corrupt($"A row group states {rowGroup.RowCount} of {rows} rows.");
            sum += rowGroup.RowCount;
            if (rowGroup.Columns.Count != schema.Columns.Count)
                throw ParquetException.Corrupt($"A row group holds {rowGroup.Columns.Count} columns where the schema has {schema.Columns.Count}.");
            for (var i = 0; i < schema.Columns.Count; i++)
            {
                var (chunk, column) = (rowGroup.Columns[i], schema.Columns[i]);
                if (chunk.PhysicalType != column.PhysicalType)
                    throw ParquetException.Corrupt($"Column '{column.Name}' is {column.PhysicalType} in the schema and {chunk.PhysicalType} in a row group.");
                if (column.Element is null ? chunk.ValueCount != rowGroup.RowCount : chunk.ValueCount < rowGroup.RowCount)
                    throw ParquetException.Corrupt($"Column '{column.Name}' states {chunk.ValueCount} values in a row group of {rowGroup.RowCount} rows.");
            }
        }

        if (sum != rows) throw ParquetException.Corrupt($"The row groups hold {sum} rows where the footer states {rows}.");
    }

    private static KeyValuePair<string, string?> ReadNote(ref ThriftCompactReader reader)
    {
        var key = "";
        string? value = null;
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 1: key = reader.String(type); break;
                case 2: value = reader.String(type); break;
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        return new(key, value);
    }

    private static RowGroupMetadata ReadRowGroup(ref ThriftCompactReader reader)
    {
        var columns = new List<ColumnChunkMetadata>();
        var rowGroup = new RowGroupMetadata { Columns = columns, RowCount = -1, TotalByteSize = 0 };
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 1:
                    for (var n = reader.List(type, ThriftType.Struct); n > 0; n--) columns.Add(ReadColumnChunk(ref reader));
                    break;
                case 2: rowGroup = rowGroup with { TotalByteSize = reader.I64(type) }; break;
                case 3: rowGroup = rowGroup with { RowCount = reader.I64(type) }; break;
                case 5: rowGroup = rowGroup with { FileOffset = reader.I64(type) }; break;
                case 6: rowGroup = rowGroup with { TotalCompressedSize = reader.I64(type) }; break;
                case 7: rowGroup = rowGroup with { Ordinal = reader.I16(type) }; break;
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        return rowGroup;
    }

    private static ColumnChunkMetadata ReadColumnChunk(ref ThriftCompactReader reader)
    {
        ColumnChunkMetadata? chunk = null;
        var (offsetIndex, offsetIndexLength, columnIndex, columnIndexLength) = (0L, 0, 0L, 0);
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 1: throw ParquetException.Unsupported($"A column's data is in another file ('{reader.String(type)}').");
                case 3:
                    ThriftCompactReader.Expect(ThriftType.Struct, type);
                    chunk = ReadColumnMetadata(ref reader);
                    break;
                case 4: offsetIndex = reader.I64(type); break;
                case 5: offsetIndexLength = reader.I32(type); break;
                case 6: columnIndex = reader.I64(type); break;
                case 7: columnIndexLength = reader.I32(type); break;
                case 8 or 9: throw ParquetException.Unsupported("The file is encrypted.");
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        if (chunk is null) throw ParquetException.Corrupt("A column chunk has no metadata.");
        return chunk with { OffsetIndex = Range(offsetIndex, offsetIndexLength), ColumnIndex = Range(columnIndex, columnIndexLength) };

        static FileRange? Range(long offset, int length) => offset > 0 && length > 0 ? new FileRange(offset, length) : null;
    }

    private static ColumnChunkMetadata ReadColumnMetadata(ref ThriftCompactReader reader)
    {
        var encodings = new List<ParquetEncoding>();
        PhysicalType? physical = null;
        var (codec, values, uncompressed, compressed, data) = (0, -1L, -1L, -1L, -1L);
        long? dictionary = null;
        ColumnStatistics? statistics = null;
        var (bloomFilter, bloomFilterLength) = (0L, 0);
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 1: physical = (PhysicalType)reader.I32(type); break;
                case 2:
                    for (var n = reader.List(type, ThriftType.I32); n > 0; n--) encodings.Add((ParquetEncoding)reader.I32Element());
                    break;
                case 4: codec = reader.I32(type); break;
                case 5: values = reader.I64(type); break;
                case 6: uncompressed = reader.I64(type); break;
                case 7: compressed = reader.I64(type); break;
                case 9: data = reader.I64(type); break;
                case 11: dictionary = reader.I64(type); break;
                case 12:
                    ThriftCompactReader.Expect(ThriftType.Struct, type);
                    statistics = ReadStatistics(ref reader);
                    break;
                case 14: bloomFilter = reader.I64(type); break;
                case 15: bloomFilterLength = reader.I32(type); break;
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        if (physical is null || values < 0 || compressed < 0 || data < 0 || dictionary < 0)
            throw ParquetException.Corrupt("A column chunk lacks its type, its count of values or its place in the file.");
        return new ColumnChunkMetadata
        {
            PhysicalType = physical.Value,
            Encodings = encodings,
            Codec = (CompressionCodec)codec,
            ValueCount = values,
            TotalUncompressedSize = uncompressed,
            TotalCompressedSize = compressed,
            DataPageOffset = data,
            DictionaryPageOffset = dictionary,
            Statistics = statistics,
            BloomFilter = bloomFilter > 0 && bloomFilterLength >= 0 ? new FileRange(bloomFilter, bloomFilterLength) : null,
        };
    }

    private static ColumnStatistics ReadStatistics(ref ThriftCompactReader reader)
    {
        var statistics = new ColumnStatistics();
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 3: statistics = statistics with { NullCount = reader.I64(type) }; break;
                case 5: statistics = statistics with { MaxValue = reader.Binary(type).ToArray() }; break;
                case 6: statistics = statistics with { MinValue = reader.Binary(type).ToArray() }; break;
                case 7: statistics = statistics with { IsMaxExact = reader.Bool(type) }; break;
                case 8: statistics = statistics with { IsMinExact = reader.Bool(type) }; break;
                case 9: statistics = statistics with { NanCount = reader.I64(type) }; break;
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        return statistics;
    }
}
