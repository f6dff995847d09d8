namespace DataLake.Iceberg;

/// <summary>How much memory a file may make its reader set aside. Memory is also never set aside before the bytes that account for it have been read.</summary>
public sealed record IcebergReadLimits
{
    /// <summary>The limits when nothing else is said.</summary>
    public static IcebergReadLimits Default { get; } = new();

    /// <summary>Bytes of an Avro file's header, which holds the table schema.</summary>
    public int MaxHeaderBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of an Avro block, before and after compression. Some writers make one block of a whole manifest.</summary>
    public int MaxBlockBytes { get; init; } = 256 << 20;

    /// <summary>Bytes of a table metadata file after decompression.</summary>
    public int MaxMetadataBytes { get; init; } = 512 << 20;
}
