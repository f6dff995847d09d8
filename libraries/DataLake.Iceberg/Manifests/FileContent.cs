namespace DataLake.Iceberg.Manifests;

/// <summary>What a manifest lists; its numbers are those of the manifest list's <c>content</c>.</summary>
public enum ManifestContent
{
    /// <summary>Data files.</summary>
    Data = 0,

    /// <summary>Delete files.</summary>
    Deletes = 1,
}

/// <summary>What a data file holds; its numbers are those of the data file's <c>content</c>.</summary>
public enum DataFileContent
{
    /// <summary>Rows of the table.</summary>
    Data = 0,

    /// <summary>Deleted rows by file and position.</summary>
    PositionDeletes = 1,

    /// <summary>Deleted rows by the values of columns.</summary>
    EqualityDeletes = 2,
}

/// <summary>What a snapshot did with a file; its numbers are those of the manifest entry's <c>status</c>.</summary>
public enum ManifestEntryStatus
{
    /// <summary>It was there before.</summary>
    Existing = 0,

    /// <summary>It came with the snapshot.</summary>
    Added = 1,

    /// <summary>It left with the snapshot; scans ignore the entry.</summary>
    Deleted = 2,
}

/// <summary>The format of a data file.</summary>
public enum FileFormat
{
    /// <summary>Apache Parquet.</summary>
    Parquet,

    /// <summary>Apache Avro.</summary>
    Avro,

    /// <summary>Apache ORC.</summary>
    Orc,

    /// <summary>Puffin, which holds deletion vectors (version 3).</summary>
    Puffin,
}
