using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Metadata;

/// <summary>The footer of a file; <c>struct FileMetaData</c> in parquet.thrift.</summary>
public sealed record ParquetFileMetadata
{
    /// <summary>The format's version number: 1 or 2.</summary>
    public required int Version { get; init; }

    /// <summary>The columns.</summary>
    public required ParquetSchema Schema { get; init; }

    /// <summary>All rows.</summary>
    public required long RowCount { get; init; }

    /// <summary>The row groups in file order.</summary>
    public required IReadOnlyList<RowGroupMetadata> RowGroups { get; init; }

    /// <summary>What the writer's application noted, in file order; values may be missing.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> KeyValueMetadata { get; init; } = [];

    /// <summary>The program that wrote the file, as "name version x (build y)".</summary>
    public string? CreatedBy { get; init; }
}
