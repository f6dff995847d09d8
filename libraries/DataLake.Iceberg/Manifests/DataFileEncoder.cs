using DataLake.Iceberg.Avro;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Manifests;

/// <summary>Encodes the <c>data_file</c> struct in the order of <see cref="ManifestSchemas.DataFile"/>.</summary>
internal sealed class DataFileEncoder(AvroEncoder encoder, StructType partitionType, int formatVersion)
{
    public void Write(DataFile file)
    {
        encoder.WriteInt64((int)file.Content);
        encoder.WriteString(file.FilePath);
        encoder.WriteString(NameOf(file.FileFormat));
        WritePartition(file.Partition);
        encoder.WriteInt64(file.RecordCount);
        encoder.WriteInt64(file.FileSizeInBytes);
        WriteCounts(file.ColumnSizes);
        WriteCounts(file.ValueCounts);
        WriteCounts(file.NullValueCounts);
        WriteCounts(file.NanValueCounts);
        WriteBounds(file.LowerBounds);
        WriteBounds(file.UpperBounds);
        if (encoder.WritePresence(file.KeyMetadata is not null)) encoder.WriteBytes(file.KeyMetadata!.Value.Span);
        if (encoder.WritePresence(file.SplitOffsets is not null)) WriteNumbers(file.SplitOffsets!);
        if (encoder.WritePresence(file.EqualityIds is not null)) WriteNumbers(file.EqualityIds!);
        if (encoder.WritePresence(file.SortOrderId is not null)) encoder.WriteInt64(file.SortOrderId!.Value);
        if (formatVersion >= 3) WriteNumber(file.FirstRowId);
        if (encoder.WritePresence(file.ReferencedDataFile is not null)) encoder.WriteString(file.ReferencedDataFile!);
        if (formatVersion < 3) return;
        WriteNumber(file.ContentOffset);
        WriteNumber(file.ContentSizeInBytes);
    }

    // In capitals, as every other writer has it and some readers compare it; the specification names the formats in small letters and readers must not mind.
    private static string NameOf(FileFormat format) => format switch
    {
        FileFormat.Parquet => "PARQUET",
        FileFormat.Avro => "AVRO",
        FileFormat.Orc => "ORC",
        _ => "PUFFIN",
    };

    private void WritePartition(PartitionTuple partition)
    {
        for (var i = 0; i < partition.Count; i++)
            if (encoder.WritePresence(!partition[i].IsNull)) WriteValue((PrimitiveType)partitionType.Fields[i].Type, partition[i]);
    }

    private void WriteValue(PrimitiveType type, IcebergValue value)
    {
        switch (type.Id)
        {
            case TypeId.Boolean: encoder.WriteBoolean(value.AsBoolean()); break;
            case TypeId.Float: encoder.WriteSingle(value.AsFloat()); break;
            case TypeId.Double: encoder.WriteDouble(value.AsDouble()); break;
            case TypeId.String: encoder.WriteString(value.AsString()); break;
            case TypeId.Binary: encoder.WriteBytes(value.AsBytes()); break;
            case TypeId.Fixed: encoder.WriteFixed(value.AsBytes()); break;
            case TypeId.Uuid:
                Span<byte> uuid = stackalloc byte[16];
                value.AsUuid().TryWriteBytes(uuid, bigEndian: true, out _);
                encoder.WriteFixed(uuid);
                break;
            case TypeId.Decimal:
                Span<byte> unscaled = stackalloc byte[type.DecimalBytes];
                DecimalBytes.WriteFixed(value.AsUnscaled(), unscaled);
                encoder.WriteFixed(unscaled);
                break;
            default: encoder.WriteInt64(value.AsLong()); break;
        }
    }

    private void WriteCounts(FieldMap<long>? counts)
    {
        if (!encoder.WritePresence(counts is not null)) return;
        if (counts!.Count > 0) encoder.WriteInt64(counts.Count);
        for (var i = 0; i < counts.Count; i++)
        {
            encoder.WriteInt64(counts.FieldIds[i]);
            encoder.WriteInt64(counts.Values[i]);
        }

        encoder.WriteInt64(0);
    }

    private void WriteBounds(FieldMap<ReadOnlyMemory<byte>>? bounds)
    {
        if (!encoder.WritePresence(bounds is not null)) return;
        if (bounds!.Count > 0) encoder.WriteInt64(bounds.Count);
        for (var i = 0; i < bounds.Count; i++)
        {
            encoder.WriteInt64(bounds.FieldIds[i]);
            encoder.WriteBytes(bounds.Values[i].Span);
        }

        encoder.WriteInt64(0);
    }

    private void WriteNumber(long? number)
    {
        if (encoder.WritePresence(number is not null)) encoder.WriteInt64(number!.Value);
    }

    private void WriteNumbers(IReadOnlyList<long> numbers)
    {
        if (numbers.Count > 0) encoder.WriteInt64(numbers.Count);
        for (var i = 0; i < numbers.Count; i++) encoder.WriteInt64(numbers[i]);
        encoder.WriteInt64(0);
    }

    private void WriteNumbers(IReadOnlyList<int> numbers)
    {
        if (numbers.Count > 0) encoder.WriteInt64(numbers.Count);
        for (var i = 0; i < numbers.Count; i++) encoder.WriteInt64(numbers[i]);
        encoder.WriteInt64(0);
    }
}
