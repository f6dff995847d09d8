using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Iceberg.ParquetFiles;

/// <summary>
/// What a manifest says of a Parquet file, out of the file's footer (<see href="https://iceberg.apache.org/spec/#data-file-fields">Data File Fields</see>). Metrics stand
/// under the field id of what holds the values: of a list its element, which has counts but no bounds.
/// </summary>
public static class ParquetDataFile
{
    /// <summary>Bounds that cannot be cut, those of a fixed, are left out beyond this many bytes.</summary>
    private const int LongestFixedBound = 256;

    /// <summary>The data file; add partition, spec, sort order and content where they are others than those of an unpartitioned file of rows.</summary>
    /// <param name="filePath">Its full location, with its scheme.</param>
    /// <param name="fileSizeInBytes">Its bytes.</param>
    /// <param name="metadata">Its footer.</param>
    /// <param name="boundLength">Code points or bytes that bounds of text and binary are cut to.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a column has no field id. <see cref="IcebergErrorKind.Unsupported"/>: a column has no type.</exception>
    public static DataFile Of(string filePath, long fileSizeInBytes, ParquetFileMetadata metadata, int boundLength = BoundTruncation.DefaultLength)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var metrics = new Metrics();
        for (var i = 0; i < metadata.Schema.Columns.Count; i++) metrics.Add(metadata, i, boundLength);
        return new DataFile
        {
            FilePath = filePath,
            RecordCount = metadata.RowCount,
            FileSizeInBytes = fileSizeInBytes,
            ColumnSizes = new FieldMap<long>(metrics.Sizes),
            ValueCounts = new FieldMap<long>(metrics.Values),
            NullValueCounts = new FieldMap<long>(metrics.Nulls),
            NanValueCounts = new FieldMap<long>(metrics.Nans),
            LowerBounds = new FieldMap<ReadOnlyMemory<byte>>(metrics.Lower),
            UpperBounds = new FieldMap<ReadOnlyMemory<byte>>(metrics.Upper),
            SplitOffsets = metadata.RowGroups.Count == 0 ? null : [.. metadata.RowGroups.Select(StartOf).Order()],
        };
    }

    /// <summary>Where a row group begins. Not its file_offset, which early writers filled with something else.</summary>
    private static long StartOf(RowGroupMetadata rowGroup) => rowGroup.Columns.Min(chunk =>
        chunk.DictionaryPageOffset is { } dictionary and > 0 ? Math.Min(dictionary, chunk.DataPageOffset) : chunk.DataPageOffset);

    private sealed class Metrics
    {
        public Dictionary<int, long> Sizes { get; } = [];

        public Dictionary<int, long> Values { get; } = [];

        public Dictionary<int, long> Nulls { get; } = [];

        public Dictionary<int, long> Nans { get; } = [];

        public Dictionary<int, ReadOnlyMemory<byte>> Lower { get; } = [];

        public Dictionary<int, ReadOnlyMemory<byte>> Upper { get; } = [];

        public void Add(ParquetFileMetadata metadata, int place, int boundLength)
        {
            var column = metadata.Schema.Columns[place];
            var field = ParquetTypes.ToField(column);
            var id = field.Type is ListType list ? list.ElementId : field.Id;
            var chunks = metadata.RowGroups.Select(rowGroup => rowGroup.Columns[place]).ToList();
            Sizes[id] = chunks.Sum(chunk => chunk.TotalCompressedSize);
            Values[id] = chunks.Sum(chunk => chunk.ValueCount);
            if (Sum(chunks, statistics => statistics.NullCount) is { } nulls) Nulls[id] = nulls;
            if (field.Type is PrimitiveType { Id: TypeId.Float or TypeId.Double } && Sum(chunks, statistics => statistics.NanCount) is { } nans) Nans[id] = nans;
            if (field.Type is not PrimitiveType type) return;
            if (Merge(column, type, chunks, isLower: true) is { } lower && Cut(type, lower, boundLength, isLower: true) is { } cutLower) Lower[id] = cutLower;
            if (Merge(column, type, chunks, isLower: false) is { } upper && Cut(type, upper, boundLength, isLower: false) is { } cutUpper) Upper[id] = cutUpper;
        }

        private static long? Sum(List<ColumnChunkMetadata> chunks, Func<ColumnStatistics, long?> count)
        {
            var sum = 0L;
            foreach (var chunk in chunks)
            {
                if (chunk.Statistics is null || count(chunk.Statistics) is not { } part) return null;
                sum += part;
            }

            return sum;
        }

        /// <summary>The least lower or greatest upper bound of all chunks; null when a chunk has values that nothing is known of.</summary>
        private static ReadOnlyMemory<byte>? Merge(ParquetColumn column, PrimitiveType type, List<ColumnChunkMetadata> chunks, bool isLower)
        {
            (IcebergValue Value, ReadOnlyMemory<byte> Bytes)? best = null;
            foreach (var chunk in chunks)
            {
                var statistics = chunk.Statistics;
                if ((statistics?.NullCount ?? 0) + (statistics?.NanCount ?? 0) == chunk.ValueCount) continue;
                if ((isLower ? ParquetBounds.Lower(column, type, statistics?.MinValue) : ParquetBounds.Upper(column, type, statistics?.MaxValue)) is not { } bytes) return null;
                var value = SingleValueBinary.Read(type, bytes.Span);
                if (best is not { } found || IcebergValue.Compare(value, found.Value) * (isLower ? 1 : -1) < 0) best = (value, bytes);
            }

            return best?.Bytes;
        }

        private static ReadOnlyMemory<byte>? Cut(PrimitiveType type, ReadOnlyMemory<byte> bound, int length, bool isLower)
        {
            // Taken as an array: a null array would become empty memory, not null.
            var cut = CutBytes(type, bound, length, isLower);
            return cut is null ? default(ReadOnlyMemory<byte>?) : cut;
        }

        private static byte[]? CutBytes(PrimitiveType type, ReadOnlyMemory<byte> bound, int length, bool isLower) => type.Id switch
        {
            TypeId.String => isLower ? BoundTruncation.LowerText(bound.Span, length) : BoundTruncation.UpperText(bound.Span, length),
            TypeId.Binary => isLower ? BoundTruncation.LowerBytes(bound.Span, length) : BoundTruncation.UpperBytes(bound.Span, length),
            TypeId.Fixed when bound.Length > LongestFixedBound => null,
            _ => bound.ToArray(),
        };
    }
}
