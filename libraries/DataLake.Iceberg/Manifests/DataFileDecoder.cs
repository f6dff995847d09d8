using System.Buffers;
using System.Text;
using DataLake.Iceberg.Avro;
using DataLake.Iceberg.Partitioning;

namespace DataLake.Iceberg.Manifests;

/// <summary>Decodes the <c>data_file</c> struct of any writer, by the field ids of its schema.</summary>
internal sealed class DataFileDecoder
{
    private readonly AvroStep[] steps;
    private readonly (AvroStep Key, AvroStep Value)[] maps;
    private readonly PartitionDecoder? partition;
    private readonly int specId;
    private readonly int partitionFields;
    private readonly bool withMetrics;

    public DataFileDecoder(AvroSchema record, PartitionSpec spec, bool withMetrics)
    {
        (specId, partitionFields, this.withMetrics) = (spec.SpecId, spec.Fields.Count, withMetrics);
        steps = AvroRecordPlan.Of(record, FieldIds.DataFileNames);
        AvroRecordPlan.Require(steps, "manifest", FieldIds.FilePath, FieldIds.FileFormat, FieldIds.RecordCount, FieldIds.FileSizeInBytes);
        maps = new (AvroStep, AvroStep)[steps.Length];
        for (var i = 0; i < steps.Length; i++)
        {
            switch (steps[i].Id)
            {
                case FieldIds.FilePath or FieldIds.FileFormat or FieldIds.ReferencedDataFile:
                    steps[i].RequireKind(AvroKind.String);
                    break;
                case FieldIds.Content or FieldIds.RecordCount or FieldIds.FileSizeInBytes or FieldIds.SortOrderId or FieldIds.FirstRowId or FieldIds.ContentOffset or FieldIds.ContentSizeInBytes:
                    steps[i].RequireKind(AvroKind.Int, AvroKind.Long);
                    break;
                case FieldIds.KeyMetadata:
                    steps[i].RequireKind(AvroKind.Bytes);
                    break;
                case FieldIds.SplitOffsets or FieldIds.EqualityIds:
                    steps[i].RequireKind(AvroKind.Array);
                    RequireKind(steps[i], steps[i].Value.Items!, AvroKind.Int, AvroKind.Long);
                    break;
                case FieldIds.ColumnSizes or FieldIds.ValueCounts or FieldIds.NullValueCounts or FieldIds.NanValueCounts:
                    maps[i] = AvroRecordPlan.KeyValue(steps[i]);
                    RequireKind(steps[i], maps[i].Key.Value, AvroKind.Int, AvroKind.Long);
                    RequireKind(steps[i], maps[i].Value.Value, AvroKind.Int, AvroKind.Long);
                    break;
                case FieldIds.LowerBounds or FieldIds.UpperBounds:
                    maps[i] = AvroRecordPlan.KeyValue(steps[i]);
                    RequireKind(steps[i], maps[i].Key.Value, AvroKind.Int, AvroKind.Long);
                    RequireKind(steps[i], maps[i].Value.Value, AvroKind.Bytes);
                    break;
                case FieldIds.Partition:
                    partition = new PartitionDecoder(steps[i].Value, spec);
                    break;
            }
        }

        if (partition is null && spec.Fields.Count > 0) throw IcebergException.Corrupt("A manifest of a partitioned table has no partition field; it must be written again.");
    }

    public DataFile Read(ref AvroDecoder decoder)
    {
        string? path = null, referenced = null;
        var (content, format, tuple) = (0L, (FileFormat?)null, PartitionTuple.Empty);
        long? records = null, size = null, firstRowId = null, contentOffset = null, contentSize = null;
        int? sortOrder = null;
        FieldMap<long>? columnSizes = null, valueCounts = null, nullCounts = null, nanCounts = null;
        FieldMap<ReadOnlyMemory<byte>>? lower = null, upper = null;
        byte[]? key = null;
        long[]? splits = null;
        int[]? equality = null;
        for (var i = 0; i < steps.Length; i++)
        {
            ref readonly var step = ref steps[i];
            if (!decoder.ReadPresence(step.NullBranch)) continue;
            switch (step.Id)
            {
                case FieldIds.Content: content = decoder.ReadInt64(); break;
                case FieldIds.FilePath: path = decoder.ReadString(); break;
                case FieldIds.FileFormat: format = ReadFormat(decoder.ReadBytes()); break;
                case FieldIds.Partition: tuple = partition!.Read(ref decoder); break;
                case FieldIds.RecordCount: records = decoder.ReadInt64(); break;
                case FieldIds.FileSizeInBytes: size = decoder.ReadInt64(); break;
                case FieldIds.ColumnSizes when withMetrics: columnSizes = ReadCounts(ref decoder, i); break;
                case FieldIds.ValueCounts when withMetrics: valueCounts = ReadCounts(ref decoder, i); break;
                case FieldIds.NullValueCounts when withMetrics: nullCounts = ReadCounts(ref decoder, i); break;
                case FieldIds.NanValueCounts when withMetrics: nanCounts = ReadCounts(ref decoder, i); break;
                case FieldIds.LowerBounds when withMetrics: lower = ReadBounds(ref decoder, i); break;
                case FieldIds.UpperBounds when withMetrics: upper = ReadBounds(ref decoder, i); break;
                case FieldIds.KeyMetadata: key = decoder.ReadBytes().ToArray(); break;
                case FieldIds.SplitOffsets: splits = ReadNumbers(ref decoder, step.Value.Items!); break;
                case FieldIds.EqualityIds: equality = [.. ReadNumbers(ref decoder, step.Value.Items!).Select(Narrow)]; break;
                case FieldIds.SortOrderId: sortOrder = decoder.ReadInt32(); break;
                case FieldIds.FirstRowId: firstRowId = decoder.ReadInt64(); break;
                case FieldIds.ReferencedDataFile: referenced = decoder.ReadString(); break;
                case FieldIds.ContentOffset: contentOffset = decoder.ReadInt64(); break;
                case FieldIds.ContentSizeInBytes: contentSize = decoder.ReadInt64(); break;
                default: decoder.Skip(step.Value); break;
            }
        }

        if (path is null || format is null || records is null or < 0 || size is null or < 0 || content is < 0 or > 2)
            throw IcebergException.Corrupt($"A manifest entry ('{path}') lacks its path, format, record count or size, or has the content {content}; the manifest must be written again.");
        if (firstRowId < 0 || firstRowId > long.MaxValue - records || contentOffset < 0 || contentSize < 0 || contentOffset is null != contentSize is null)
            throw IcebergException.Corrupt($"The manifest entry of '{path}' has the first row id {firstRowId} and content of {contentSize} bytes at {contentOffset}, which cannot be; the manifest must be written again.");
        if (format == Manifests.FileFormat.Puffin && (content != (int)DataFileContent.PositionDeletes || referenced is null || contentOffset is null))
            throw IcebergException.Corrupt($"The manifest entry of '{path}' is a Puffin file and no deletion vector with its data file, offset and size; the manifest must be written again.");
        if (tuple.Count != partitionFields) throw IcebergException.Corrupt($"The manifest entry of '{path}' has no partition; the manifest must be written again.");
        return new DataFile
        {
            Content = (DataFileContent)content,
            FilePath = path,
            FileFormat = format.Value,
            Partition = tuple,
            PartitionSpecId = specId,
            RecordCount = records.Value,
            FileSizeInBytes = size.Value,
            ColumnSizes = columnSizes,
            ValueCounts = valueCounts,
            NullValueCounts = nullCounts,
            NanValueCounts = nanCounts,
            LowerBounds = lower,
            UpperBounds = upper,
            KeyMetadata = key is null ? default(ReadOnlyMemory<byte>?) : key,
            SplitOffsets = splits,
            EqualityIds = equality,
            SortOrderId = sortOrder,
            FirstRowId = firstRowId,
            ReferencedDataFile = referenced,
            ContentOffset = contentOffset,
            ContentSizeInBytes = contentSize,
        };
    }

    private static void RequireKind(AvroStep step, AvroSchema schema, params ReadOnlySpan<AvroKind> kinds) => new AvroStep(step.Id, schema.Value, -1).RequireKind(kinds);

    private static FileFormat ReadFormat(ReadOnlySpan<byte> name)
    {
        if (Ascii.EqualsIgnoreCase(name, "parquet"u8)) return FileFormat.Parquet;
        if (Ascii.EqualsIgnoreCase(name, "avro"u8)) return FileFormat.Avro;
        if (Ascii.EqualsIgnoreCase(name, "orc"u8)) return FileFormat.Orc;
        if (Ascii.EqualsIgnoreCase(name, "puffin"u8)) return FileFormat.Puffin;
        throw IcebergException.Unsupported($"A manifest lists a file of the format '{Encoding.UTF8.GetString(name[..Math.Min(name.Length, 40)])}', which the specification does not know; use a later release of this library.");
    }

    private static int Narrow(long number) =>
        number is >= int.MinValue and <= int.MaxValue ? (int)number : throw IcebergException.Corrupt($"A manifest has the field id {number}; it must be written again.");

    private static long[] ReadNumbers(ref AvroDecoder decoder, AvroSchema item)
    {
        var numbers = new long[4];
        var count = 0;
        for (var items = decoder.ReadItems(item.MinimumBytes); items > 0; items = decoder.ReadItems(item.MinimumBytes))
        {
            if (numbers.Length < count + items) Array.Resize(ref numbers, Math.Max(count + items, count * 2));
            for (; items > 0; items--)
                if (decoder.ReadPresence(item.NullBranch)) numbers[count++] = decoder.ReadInt64();
        }

        Array.Resize(ref numbers, count);
        return numbers;
    }

    private FieldMap<long> ReadCounts(ref AvroDecoder decoder, int step)
    {
        var (key, value) = maps[step];
        var ids = Array.Empty<int>();
        var counts = Array.Empty<long>();
        var count = 0;
        var itemBytes = steps[step].Value.Items!.MinimumBytes;
        for (var items = decoder.ReadItems(itemBytes); items > 0; items = decoder.ReadItems(itemBytes))
        {
            if (ids.Length < count + items)
            {
                Array.Resize(ref ids, Math.Max(count + items, count * 2));
                Array.Resize(ref counts, ids.Length);
            }

            for (; items > 0; items--)
            {
                var hasKey = decoder.ReadPresence(key.NullBranch);
                if (hasKey) ids[count] = decoder.ReadInt32();
                if (!decoder.ReadPresence(value.NullBranch)) continue;
                counts[count] = decoder.ReadInt64();
                if (hasKey) count++;
            }
        }

        if (count < ids.Length) (ids, counts) = (ids[..count], counts[..count]);
        return FieldMap<long>.Own(ids, counts);
    }

    /// <summary>The bounds of one map share one copy of its bytes.</summary>
    private FieldMap<ReadOnlyMemory<byte>> ReadBounds(ref AvroDecoder decoder, int step)
    {
        var (key, value) = maps[step];
        var itemBytes = steps[step].Value.Items!.MinimumBytes;
        var ids = Array.Empty<int>();
        var ends = Array.Empty<int>();
        var (count, length) = (0, 0);
        var bytes = ArrayPool<byte>.Shared.Rent(256);
        try
        {
            for (var items = decoder.ReadItems(itemBytes); items > 0; items = decoder.ReadItems(itemBytes))
            {
                if (ids.Length < count + items)
                {
                    Array.Resize(ref ids, Math.Max(count + items, count * 2));
                    Array.Resize(ref ends, ids.Length);
                }

                for (; items > 0; items--)
                {
                    var hasKey = decoder.ReadPresence(key.NullBranch);
                    if (hasKey) ids[count] = decoder.ReadInt32();
                    if (!decoder.ReadPresence(value.NullBranch)) continue;
                    var bound = decoder.ReadBytes();
                    if (!hasKey) continue;
                    if (bytes.Length < length + bound.Length) Grow(ref bytes, length, length + bound.Length);
                    bound.CopyTo(bytes.AsSpan(length));
                    ends[count++] = length += bound.Length;
                }
            }

            var own = bytes.AsSpan(0, length).ToArray();
            var bounds = new ReadOnlyMemory<byte>[count];
            for (var i = 0; i < count; i++) bounds[i] = own.AsMemory((i == 0 ? 0 : ends[i - 1])..ends[i]);
            return FieldMap<ReadOnlyMemory<byte>>.Own(count < ids.Length ? ids[..count] : ids, bounds);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static void Grow(ref byte[] bytes, int length, int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, bytes.Length * 2));
        bytes.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }
}
