using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Manifests;

/// <summary>The field ids of the specification's tables.</summary>
internal static class FieldIds
{
    public const int Status = 0, SnapshotId = 1, DataFile = 2, SequenceNumber = 3, FileSequenceNumber = 4;

    public const int Content = 134, FilePath = 100, FileFormat = 101, Partition = 102, RecordCount = 103, FileSizeInBytes = 104, ColumnSizes = 108, ValueCounts = 109,
        NullValueCounts = 110, NanValueCounts = 137, LowerBounds = 125, UpperBounds = 128, KeyMetadata = 131, SplitOffsets = 132, EqualityIds = 135, SortOrderId = 140,
        FirstRowId = 142, ReferencedDataFile = 143, ContentOffset = 144, ContentSizeInBytes = 145;

    public const int ManifestPath = 500, ManifestLength = 501, PartitionSpecId = 502, ManifestContent = 517, ManifestSequenceNumber = 515, MinSequenceNumber = 516,
        AddedSnapshotId = 503, AddedFilesCount = 504, ExistingFilesCount = 505, DeletedFilesCount = 506, AddedRowsCount = 512, ExistingRowsCount = 513, DeletedRowsCount = 514,
        Partitions = 507, FieldSummary = 508, ManifestKeyMetadata = 519, ManifestFirstRowId = 520;

    public const int ContainsNull = 509, ContainsNan = 518, LowerBound = 510, UpperBound = 511;

    /// <summary>Fields by name, for writers that store no ids.</summary>
    public static IReadOnlyDictionary<string, int> ManifestEntryNames { get; } = NamesOf(ManifestSchemas.ManifestEntry(Types.StructType.Empty, TableMetadata.HighestFormatVersion));

    /// <summary>Fields by name, for writers that store no ids.</summary>
    public static IReadOnlyDictionary<string, int> DataFileNames { get; } = NamesOf(ManifestSchemas.DataFile(Types.StructType.Empty, TableMetadata.HighestFormatVersion));

    /// <summary>Fields by name, for writers that store no ids; with the names that early writers used for the counts.</summary>
    public static IReadOnlyDictionary<string, int> ManifestFileNames { get; } = new Dictionary<string, int>(NamesOf(ManifestSchemas.ManifestFile(TableMetadata.HighestFormatVersion)))
    {
        ["added_data_files_count"] = AddedFilesCount,
        ["existing_data_files_count"] = ExistingFilesCount,
        ["deleted_data_files_count"] = DeletedFilesCount,
    };

    /// <summary>Fields by name, for writers that store no ids.</summary>
    public static IReadOnlyDictionary<string, int> FieldSummaryNames { get; } = NamesOf(ManifestSchemas.FieldSummary);

    private static Dictionary<string, int> NamesOf(Types.StructType type) => type.Fields.ToDictionary(field => field.Name, field => field.Id);
}
