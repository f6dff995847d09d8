using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Manifests;

/// <summary>Schemas, partition specs and files that the tests of manifests share.</summary>
internal static class ManifestCases
{
    public const long SnapshotId = 3051729675574597004;

    /// <summary>One column of every primitive type, with ids from 1.</summary>
    public static Schema EveryType { get; } = new(new StructType([.. Types().Select((type, i) => NestedField.Optional(i + 1, $"c {i + 1}", type))]), schemaId: 7);

    /// <summary>The identity of every column, and one field of each other transform.</summary>
    public static PartitionSpec EveryTransform { get; } = new(
        3,
        [
            .. EveryType.Columns.Fields.Select((field, i) => new PartitionField(field.Id, 1000 + i, field.Name, Transform.Identity)),
            new(2, 1100, "id_bucket", Transform.Bucket(16)),
            new(11, 1101, "name_truncate", Transform.Truncate(3)),
            new(9, 1102, "ts_year", Transform.Year),
            new(9, 1103, "ts_month", Transform.Month),
            new(9, 1104, "ts_day", Transform.Day),
            new(9, 1105, "ts_hour", Transform.Hour),
            new(2, 1106, "gone", Transform.Void),
        ]);

    public static Schema Simple { get; } = new(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Long), NestedField.Optional(2, "region", PrimitiveType.String)));

    public static PartitionSpec ByRegion { get; } = new(1, [new PartitionField(2, 1000, "region", Transform.Identity)]);

    public static PartitionTuple RandomPartition(Random random) => EveryTransform.Apply([
        .. EveryType.Columns.Fields.Select(field => RandomValue(random, (PrimitiveType)field.Type)),
        RandomValue(random, PrimitiveType.Int), RandomValue(random, PrimitiveType.String),
        .. Enumerable.Range(0, 4).Select(_ => RandomValue(random, PrimitiveType.Timestamp)),
        IcebergValue.Int(1),
    ]);

    public static DataFile RandomFile(Random random, PartitionTuple partition, int specId, DataFileContent content = DataFileContent.Data) => new()
    {
        Content = content,
        FilePath = $"s3://lake/tägliche/data/{random.Next():x}.parquet",
        Partition = partition,
        PartitionSpecId = specId,
        RecordCount = random.NextInt64(1L << 40),
        FileSizeInBytes = random.NextInt64(1L << 40),
        ColumnSizes = Maybe(random, () => Counts(random)),
        ValueCounts = Maybe(random, () => Counts(random)),
        NullValueCounts = Maybe(random, () => Counts(random)),
        NanValueCounts = Maybe(random, () => Counts(random)),
        LowerBounds = Maybe(random, () => Bounds(random)),
        UpperBounds = Maybe(random, () => Bounds(random)),
        KeyMetadata = random.Next(2) == 0 ? null : (ReadOnlyMemory<byte>?)Bytes(random, 20),
        SplitOffsets = Maybe(random, () => Enumerable.Range(0, random.Next(4)).Select(i => 4L + (i << 27)).ToArray()),
        EqualityIds = content == DataFileContent.EqualityDeletes ? [1, 4] : null,
        SortOrderId = random.Next(2) == 0 ? null : 1,
        ReferencedDataFile = content == DataFileContent.PositionDeletes ? "s3://lake/data/a.parquet" : null,
    };

    /// <summary>All that a file holds, as text: arrays have no equality of their own.</summary>
    public static string Text(DataFile file) => string.Join('|',
        file.Content, file.FilePath, file.FileFormat, file.Partition, file.PartitionSpecId, file.RecordCount, file.FileSizeInBytes,
        Text(file.ColumnSizes), Text(file.ValueCounts), Text(file.NullValueCounts), Text(file.NanValueCounts), Text(file.LowerBounds), Text(file.UpperBounds),
        file.KeyMetadata is { } key ? Convert.ToHexString(key.Span) : "-", file.SplitOffsets is null ? "-" : string.Join(',', file.SplitOffsets),
        file.EqualityIds is null ? "-" : string.Join(',', file.EqualityIds), file.SortOrderId, file.ReferencedDataFile);

    public static IcebergValue RandomValue(Random random, PrimitiveType type) => random.Next(8) == 0 ? IcebergValue.Null : type.Id switch
    {
        TypeId.Boolean => IcebergValue.Boolean(random.Next(2) == 0),
        TypeId.Int => IcebergValue.Int(random.Next(int.MinValue, int.MaxValue)),
        TypeId.Long => IcebergValue.Long(random.NextInt64(long.MinValue, long.MaxValue)),
        TypeId.Float => IcebergValue.Float(random.Next(6) == 0 ? float.NaN : random.NextSingle() - 0.5f),
        TypeId.Double => IcebergValue.Double(random.Next(6) == 0 ? double.NaN : random.NextDouble() - 0.5),
        TypeId.Decimal => IcebergValue.Decimal(random.Next(-999_999_999, 999_999_999)),
        TypeId.Date => IcebergValue.Date(random.Next(-100_000, 100_000)),
        TypeId.Time => IcebergValue.Time(random.NextInt64(86_400_000_000)),
        TypeId.Timestamp => IcebergValue.Timestamp(random.NextInt64(-1L << 50, 1L << 50)),
        TypeId.Timestamptz => IcebergValue.Timestamptz(random.NextInt64(-1L << 50, 1L << 50)),
        TypeId.String => IcebergValue.String(string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => "aß\uFF5E\U0001F600"[..random.Next(4)]))),
        TypeId.Uuid => IcebergValue.Uuid(new Guid(Bytes(random, 16))),
        TypeId.Fixed => IcebergValue.Fixed(Bytes(random, type.Length)),
        _ => IcebergValue.Binary(Bytes(random, random.Next(5))),
    };

    private static PrimitiveType[] Types() =>
    [
        PrimitiveType.Boolean, PrimitiveType.Int, PrimitiveType.Long, PrimitiveType.Float, PrimitiveType.Double, PrimitiveType.Decimal(9, 2), PrimitiveType.Date, PrimitiveType.Time,
        PrimitiveType.Timestamp, PrimitiveType.Timestamptz, PrimitiveType.String, PrimitiveType.Uuid, PrimitiveType.Fixed(5), PrimitiveType.Binary, PrimitiveType.Decimal(38, 10),
    ];

    private static string Text<T>(FieldMap<T>? map) =>
        map is null ? "-" : string.Join(',', map.Select(entry => $"{entry.Key}={(entry.Value is ReadOnlyMemory<byte> bytes ? Convert.ToHexString(bytes.Span) : $"{entry.Value}")}"));

    private static T? Maybe<T>(Random random, Func<T> make)
        where T : class => random.Next(3) == 0 ? null : make();

    private static FieldMap<long> Counts(Random random) => new(Enumerable.Range(1, random.Next(5)).Select(id => new KeyValuePair<int, long>(id * 3, random.NextInt64())));

    private static FieldMap<ReadOnlyMemory<byte>> Bounds(Random random) =>
        new(Enumerable.Range(1, random.Next(5)).Select(id => new KeyValuePair<int, ReadOnlyMemory<byte>>(id * 3, Bytes(random, random.Next(20)))));

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
