namespace DataLake.Iceberg.Metadata;

/// <summary>A change of the table's current snapshot.</summary>
/// <param name="TimestampMs">When, in milliseconds since 1970-01-01 UTC.</param>
/// <param name="SnapshotId">The snapshot that became current.</param>
public readonly record struct SnapshotLogEntry(long TimestampMs, long SnapshotId);

/// <summary>An earlier table metadata file.</summary>
/// <param name="TimestampMs">When it was written, in milliseconds since 1970-01-01 UTC.</param>
/// <param name="MetadataFile">Where it is.</param>
public sealed record MetadataLogEntry(long TimestampMs, string MetadataFile);

/// <summary>A key of an encrypted table (<see href="https://iceberg.apache.org/spec/#encryption-keys">Encryption Keys</see>); all but its id is kept as it was written.</summary>
/// <param name="KeyId">Its id.</param>
/// <param name="Json">The JSON object.</param>
public sealed record EncryptionKey(string KeyId, string Json);

/// <summary>A statistics or partition statistics file of a snapshot; all but the snapshot is kept as it was written.</summary>
/// <param name="SnapshotId">The snapshot.</param>
/// <param name="Json">The JSON object.</param>
public sealed record StatisticsFile(long SnapshotId, string Json);
