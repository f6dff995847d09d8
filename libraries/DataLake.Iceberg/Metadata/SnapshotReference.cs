using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Metadata;

/// <summary>The kind of a snapshot reference.</summary>
public enum SnapshotReferenceType
{
    /// <summary>A name that moves with commits.</summary>
    Branch,

    /// <summary>A label.</summary>
    Tag,
}

/// <summary>A branch or tag (<see href="https://iceberg.apache.org/spec/#snapshot-references">Snapshot References</see>).</summary>
/// <param name="SnapshotId">The snapshot.</param>
/// <param name="Type">Branch or tag.</param>
public sealed record SnapshotReference(long SnapshotId, SnapshotReferenceType Type)
{
    /// <summary>The branch that is the table.</summary>
    public const string Main = "main";

    /// <summary>Of a branch: how many snapshots expiration leaves at least.</summary>
    public int? MinSnapshotsToKeep { get; init; }

    /// <summary>Of a branch: how old snapshots may become, in milliseconds.</summary>
    public long? MaxSnapshotAgeMs { get; init; }

    /// <summary>How old the reference may become, in milliseconds; main never expires.</summary>
    public long? MaxRefAgeMs { get; init; }

    /// <summary>Fields of the JSON object that this library does not know.</summary>
    public JsonFields Unknown { get; init; } = JsonFields.None;

    /// <summary>What is wrong with it under a name, or null.</summary>
    public string? Fault(string name) => this switch
    {
        { Type: SnapshotReferenceType.Tag } when name == Main => "main is a branch and cannot be a tag",
        { Type: SnapshotReferenceType.Tag, MinSnapshotsToKeep: not null } or { Type: SnapshotReferenceType.Tag, MaxSnapshotAgeMs: not null } => "a tag has no snapshots to keep",
        { MinSnapshotsToKeep: <= 0 } or { MaxSnapshotAgeMs: <= 0 } or { MaxRefAgeMs: <= 0 } => "retention numbers are positive",
        _ => null,
    };
}
