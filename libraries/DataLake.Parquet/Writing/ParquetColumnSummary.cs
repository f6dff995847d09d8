using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Writing;

/// <summary>What was written of one column, over all row groups.</summary>
/// <param name="Column">The column.</param>
/// <param name="ValueCount">Rows, nulls included; of a list its elements, with one more for every list that is empty or missing.</param>
/// <param name="Statistics">Counts and bounds over the whole file. <see cref="ColumnStatistics.NullCount"/> is always set.</param>
/// <param name="UncompressedBytes">Bytes of the pages before compression.</param>
/// <param name="CompressedBytes">Bytes of the pages in the file.</param>
public sealed record ParquetColumnSummary(ParquetColumn Column, long ValueCount, ColumnStatistics Statistics, long UncompressedBytes, long CompressedBytes);
