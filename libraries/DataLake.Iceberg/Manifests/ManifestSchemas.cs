using DataLake.Iceberg.Types;
using static DataLake.Iceberg.Types.NestedField;
using static DataLake.Iceberg.Types.PrimitiveType;

namespace DataLake.Iceberg.Manifests;

/// <summary>
/// The structs of manifests and manifest lists as versions 2 and 3 write them, in the order in which <see cref="DataFileEncoder"/>, <see cref="ManifestWriter"/> and
/// <see cref="ManifestListWriter"/> encode them (<see href="https://iceberg.apache.org/spec/#manifests">Manifests</see>).
/// </summary>
internal static class ManifestSchemas
{
    public static StructType FieldSummary { get; } = StructType.Of(
        Mandatory(FieldIds.ContainsNull, "contains_null", PrimitiveType.Boolean),
        Optional(FieldIds.ContainsNan, "contains_nan", PrimitiveType.Boolean),
        Optional(FieldIds.LowerBound, "lower_bound", Binary),
        Optional(FieldIds.UpperBound, "upper_bound", Binary));

    public static StructType ManifestFile(int formatVersion) => new(
    [
        Mandatory(FieldIds.ManifestPath, "manifest_path", PrimitiveType.String),
        Mandatory(FieldIds.ManifestLength, "manifest_length", Long),
        Mandatory(FieldIds.PartitionSpecId, "partition_spec_id", Int),
        Mandatory(FieldIds.ManifestContent, "content", Int),
        Mandatory(FieldIds.ManifestSequenceNumber, "sequence_number", Long),
        Mandatory(FieldIds.MinSequenceNumber, "min_sequence_number", Long),
        Mandatory(FieldIds.AddedSnapshotId, "added_snapshot_id", Long),
        Mandatory(FieldIds.AddedFilesCount, "added_files_count", Int),
        Mandatory(FieldIds.ExistingFilesCount, "existing_files_count", Int),
        Mandatory(FieldIds.DeletedFilesCount, "deleted_files_count", Int),
        Mandatory(FieldIds.AddedRowsCount, "added_rows_count", Long),
        Mandatory(FieldIds.ExistingRowsCount, "existing_rows_count", Long),
        Mandatory(FieldIds.DeletedRowsCount, "deleted_rows_count", Long),
        Optional(FieldIds.Partitions, "partitions", new ListType(FieldIds.FieldSummary, FieldSummary, ElementRequired: true)),
        Optional(FieldIds.ManifestKeyMetadata, "key_metadata", Binary),
        .. formatVersion < 3 ? [] : (NestedField[])[Optional(FieldIds.ManifestFirstRowId, "first_row_id", Long)],
    ]);

    public static StructType ManifestEntry(StructType partition, int formatVersion) => StructType.Of(
        Mandatory(FieldIds.Status, "status", Int),
        Optional(FieldIds.SnapshotId, "snapshot_id", Long),
        Optional(FieldIds.SequenceNumber, "sequence_number", Long),
        Optional(FieldIds.FileSequenceNumber, "file_sequence_number", Long),
        Mandatory(FieldIds.DataFile, "data_file", DataFile(partition, formatVersion)));

    public static StructType DataFile(StructType partition, int formatVersion) => new(
    [
        Mandatory(FieldIds.Content, "content", Int),
        Mandatory(FieldIds.FilePath, "file_path", PrimitiveType.String),
        Mandatory(FieldIds.FileFormat, "file_format", PrimitiveType.String),
        Mandatory(FieldIds.Partition, "partition", partition),
        Mandatory(FieldIds.RecordCount, "record_count", Long),
        Mandatory(FieldIds.FileSizeInBytes, "file_size_in_bytes", Long),
        Optional(FieldIds.ColumnSizes, "column_sizes", Map(117, Long)),
        Optional(FieldIds.ValueCounts, "value_counts", Map(119, Long)),
        Optional(FieldIds.NullValueCounts, "null_value_counts", Map(121, Long)),
        Optional(FieldIds.NanValueCounts, "nan_value_counts", Map(138, Long)),
        Optional(FieldIds.LowerBounds, "lower_bounds", Map(126, Binary)),
        Optional(FieldIds.UpperBounds, "upper_bounds", Map(129, Binary)),
        Optional(FieldIds.KeyMetadata, "key_metadata", Binary),
        Optional(FieldIds.SplitOffsets, "split_offsets", new ListType(133, Long, ElementRequired: true)),
        Optional(FieldIds.EqualityIds, "equality_ids", new ListType(136, Int, ElementRequired: true)),
        Optional(FieldIds.SortOrderId, "sort_order_id", Int),
        .. formatVersion < 3 ? [] : (NestedField[])[Optional(FieldIds.FirstRowId, "first_row_id", Long)],
        Optional(FieldIds.ReferencedDataFile, "referenced_data_file", PrimitiveType.String),
        .. formatVersion < 3 ? [] : (NestedField[])[Optional(FieldIds.ContentOffset, "content_offset", Long), Optional(FieldIds.ContentSizeInBytes, "content_size_in_bytes", Long)],
    ]);

    /// <summary>A map by field id; the value's id follows the key's.</summary>
    private static MapType Map(int keyId, PrimitiveType value) => new(keyId, Int, keyId + 1, value, ValueRequired: true);
}
