using DataLake.Parquet.Metadata;

namespace DataLake.Parquet.Writing;

/// <summary>What a finished file holds: enough for a table format's manifest without reading the file again.</summary>
/// <param name="RowCount">All rows.</param>
/// <param name="ByteLength">Bytes of the file.</param>
/// <param name="Metadata">The footer as written, with every row group (their <see cref="RowGroupMetadata.FileOffset"/> are the places to split at).</param>
/// <param name="Columns">One summary a column, in schema order.</param>
public sealed record ParquetFileSummary(long RowCount, long ByteLength, ParquetFileMetadata Metadata, IReadOnlyList<ParquetColumnSummary> Columns)
{
    /// <summary>The row groups in file order.</summary>
    public IReadOnlyList<RowGroupMetadata> RowGroups => Metadata.RowGroups;
}
