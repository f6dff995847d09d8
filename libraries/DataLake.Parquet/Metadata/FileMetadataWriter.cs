using DataLake.Parquet.Encodings;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Metadata;

/// <summary>Writes the footer. Field numbers are those of
/// <see href="https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift">parquet.thrift</see>.</summary>
internal static class FileMetadataWriter
{
    public static void Write(ParquetFileMetadata metadata, ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, metadata.Version);
        SchemaWriter.Write(metadata.Schema, writer);
        writer.I64Field(3, metadata.RowCount);
        writer.ListField(4, ThriftType.Struct, metadata.RowGroups.Count);
        foreach (var rowGroup in metadata.RowGroups) WriteRowGroup(rowGroup, metadata.Schema, writer);
        if (metadata.KeyValueMetadata.Count > 0)
        {
            writer.ListField(5, ThriftType.Struct, metadata.KeyValueMetadata.Count);
            foreach (var (key, value) in metadata.KeyValueMetadata)
            {
                writer.BeginStruct();
                writer.StringField(1, key);
                if (value is not null) writer.StringField(2, value);
                writer.EndStruct();
            }
        }

        if (metadata.CreatedBy is not null) writer.StringField(6, metadata.CreatedBy);

        // TYPE_ORDER for every column: without it readers must not trust min_value and max_value.
        writer.ListField(7, ThriftType.Struct, metadata.Schema.Columns.Count);
        foreach (var _ in metadata.Schema.Columns)
        {
            writer.BeginStruct();
            writer.EmptyStructField(1);
            writer.EndStruct();
        }

        writer.EndStruct();
    }

    private static void WriteRowGroup(RowGroupMetadata rowGroup, ParquetSchema schema, ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.ListField(1, ThriftType.Struct, rowGroup.Columns.Count);
        for (var i = 0; i < rowGroup.Columns.Count; i++)
        {
            writer.BeginStruct();

            // file_offset is deprecated; the specification asks for 0.
            writer.I64Field(2, 0);
            var chunk = rowGroup.Columns[i];
            WriteColumnChunk(chunk, schema.Columns[i], writer);
            if (chunk.OffsetIndex is { } offsetIndex)
            {
                writer.I64Field(4, offsetIndex.Offset);
                writer.I32Field(5, offsetIndex.Length);
            }

            if (chunk.ColumnIndex is { } columnIndex)
            {
                writer.I64Field(6, columnIndex.Offset);
                writer.I32Field(7, columnIndex.Length);
            }

            writer.EndStruct();
        }

        writer.I64Field(2, rowGroup.TotalByteSize);
        writer.I64Field(3, rowGroup.RowCount);
        if (rowGroup.FileOffset is { } offset) writer.I64Field(5, offset);
        if (rowGroup.TotalCompressedSize is { } size) writer.I64Field(6, size);
        if (rowGroup.Ordinal is { } ordinal and <= short.MaxValue) writer.I16Field(7, (short)ordinal);
        writer.EndStruct();
    }

    private static void WriteColumnChunk(ColumnChunkMetadata chunk, ParquetColumn column, ThriftCompactWriter writer)
    {
        writer.BeginStructField(3);
        writer.I32Field(1, (int)chunk.PhysicalType);
        writer.ListField(2, ThriftType.I32, chunk.Encodings.Count);
        foreach (var encoding in chunk.Encodings) writer.I32Element((int)encoding);
        writer.ListField(3, ThriftType.Binary, column.Element is null ? 1 : 3);
        writer.StringElement(column.Name);
        if (column.Element is not null)
        {
            writer.StringElement(SchemaWriter.RepeatedGroupName);
            writer.StringElement(ParquetColumn.ElementName);
        }

        writer.I32Field(4, (int)chunk.Codec);
        writer.I64Field(5, chunk.ValueCount);
        writer.I64Field(6, chunk.TotalUncompressedSize);
        writer.I64Field(7, chunk.TotalCompressedSize);
        writer.I64Field(9, chunk.DataPageOffset);
        if (chunk.DictionaryPageOffset is { } dictionary) writer.I64Field(11, dictionary);
        if (chunk.Statistics is { } statistics) WriteStatistics(statistics, writer);
        WritePageCounts(chunk, writer);
        if (chunk.BloomFilter is { } bloomFilter)
        {
            writer.I64Field(14, bloomFilter.Offset);
            writer.I32Field(15, bloomFilter.Length);
        }

        writer.EndStruct();
    }

    private static void WriteStatistics(ColumnStatistics statistics, ThriftCompactWriter writer)
    {
        writer.BeginStructField(12);
        if (statistics.NullCount is { } nulls) writer.I64Field(3, nulls);
        if (statistics.MaxValue is { } max) writer.BinaryField(5, max.Span);
        if (statistics.MinValue is { } min) writer.BinaryField(6, min.Span);
        if (statistics.IsMaxExact is { } maxExact) writer.BoolField(7, maxExact);
        if (statistics.IsMinExact is { } minExact) writer.BoolField(8, minExact);
        if (statistics.NanCount is { } nans) writer.I64Field(9, nans);
        writer.EndStruct();
    }

    /// <summary>Tells readers whether every data page refers to the dictionary, so that they can filter on it.</summary>
    private static void WritePageCounts(ColumnChunkMetadata chunk, ThriftCompactWriter writer)
    {
        var (plain, dictionary) = chunk.PageCounts;
        var hasDictionary = chunk.DictionaryPageOffset is not null;
        var entries = (hasDictionary ? 1 : 0) + (plain > 0 ? 1 : 0) + (dictionary > 0 ? 1 : 0);
        if (entries == 0) return;
        writer.ListField(13, ThriftType.Struct, entries);
        if (hasDictionary) Entry(PageType.Dictionary, ParquetEncoding.Plain, 1);
        if (dictionary > 0) Entry(PageType.Data, ParquetEncoding.RleDictionary, dictionary);
        if (plain > 0) Entry(PageType.Data, ParquetEncoding.Plain, plain);

        void Entry(PageType page, ParquetEncoding encoding, int count)
        {
            writer.BeginStruct();
            writer.I32Field(1, (int)page);
            writer.I32Field(2, (int)encoding);
            writer.I32Field(3, count);
            writer.EndStruct();
        }
    }
}
