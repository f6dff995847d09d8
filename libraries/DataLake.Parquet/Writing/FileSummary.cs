using DataLake.Parquet.Metadata;
using DataLake.Parquet.Statistics;

namespace DataLake.Parquet.Writing;

/// <summary>Adds the row groups of a finished file up.</summary>
internal static class FileSummary
{
    public static ParquetFileSummary Of(ParquetFileMetadata metadata, long byteLength)
    {
        var columns = new ParquetColumnSummary[metadata.Schema.Columns.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            var column = metadata.Schema.Columns[i];
            var sum = new ParquetColumnSummary(column, 0, new ColumnStatistics { NullCount = 0 }, 0, 0);
            foreach (var rowGroup in metadata.RowGroups) sum = Add(sum, rowGroup.Columns[i], isFirst: sum.ValueCount == 0);
            columns[i] = sum;
        }

        return new ParquetFileSummary(metadata.RowCount, byteLength, metadata, columns);
    }

    private static ParquetColumnSummary Add(ParquetColumnSummary sum, ColumnChunkMetadata chunk, bool isFirst)
    {
        var statistics = chunk.Statistics!;
        if (!isFirst)
        {
            statistics = BoundOrder.Merge(
                sum.Column.Leaf, sum.Statistics, sum.ValueCount - sum.Statistics.NullCount!.Value, statistics, chunk.ValueCount - statistics.NullCount!.Value);
        }

        return sum with
        {
            ValueCount = sum.ValueCount + chunk.ValueCount,
            Statistics = statistics,
            UncompressedBytes = sum.UncompressedBytes + chunk.TotalUncompressedSize,
            CompressedBytes = sum.CompressedBytes + chunk.TotalCompressedSize,
        };
    }
}
