using System.Text.Json;
using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Metadata;

/// <summary>Snapshots and references as JSON (<see href="https://iceberg.apache.org/spec/#table-metadata-and-snapshots">Appendix C, Table Metadata and Snapshots</see>).</summary>
internal static class SnapshotJson
{
    public static void Write(Utf8JsonWriter writer, Snapshot snapshot)
    {
        writer.WriteStartObject();
        writer.WriteNumber("sequence-number", snapshot.SequenceNumber);
        writer.WriteNumber("snapshot-id", snapshot.SnapshotId);
        if (snapshot.ParentSnapshotId is { } parent) writer.WriteNumber("parent-snapshot-id", parent);
        writer.WriteNumber("timestamp-ms", snapshot.TimestampMs);
        if (snapshot.Summary.Count > 0) writer.WriteMap("summary", snapshot.Summary, first: SnapshotSummary.Operation);
        if (snapshot.ManifestList is not null) writer.WriteString("manifest-list", snapshot.ManifestList);
        else WriteManifests(writer, snapshot.Manifests);
        if (snapshot.SchemaId is { } schemaId) writer.WriteNumber("schema-id", schemaId);
        if (snapshot.FirstRowId is { } firstRowId) writer.WriteNumber("first-row-id", firstRowId);
        if (snapshot.AddedRows is { } addedRows) writer.WriteNumber("added-rows", addedRows);
        if (snapshot.KeyId is { } keyId) writer.WriteString("key-id", keyId);
        snapshot.Unknown.WriteTo(writer);
        writer.WriteEndObject();
    }

    public static Snapshot Read(JsonObjectReader json)
    {
        var snapshot = new Snapshot
        {
            SnapshotId = json.Int64("snapshot-id"),
            ParentSnapshotId = json.OptionalInt64("parent-snapshot-id"),
            SequenceNumber = json.OptionalInt64("sequence-number") ?? 0,
            TimestampMs = json.Int64("timestamp-ms"),
            ManifestList = json.OptionalText("manifest-list"),
            Manifests = !json.Has("manifest-list") && json.Has("manifests") ? json.Texts("manifests") : [],
            Summary = json.TextMap("summary"),
            SchemaId = json.OptionalInt32("schema-id"),
            FirstRowId = json.OptionalInt64("first-row-id"),
            AddedRows = json.OptionalInt64("added-rows"),
            KeyId = json.OptionalText("key-id"),
            Unknown = json.Others(
                "snapshot-id", "parent-snapshot-id", "sequence-number", "timestamp-ms", "manifest-list", "manifests", "summary", "schema-id", "first-row-id", "added-rows", "key-id"),
        };
        if (snapshot.FirstRowId < 0 || snapshot.AddedRows < 0) throw json.Fault("first-row-id", "or added-rows is negative");
        return snapshot.SequenceNumber >= 0 ? snapshot : throw json.Fault("sequence-number", "is negative");
    }

    public static void WriteReference(Utf8JsonWriter writer, SnapshotReference reference)
    {
        writer.WriteNumber("snapshot-id", reference.SnapshotId);
        writer.WriteString("type", reference.Type == SnapshotReferenceType.Branch ? "branch" : "tag");
        if (reference.MinSnapshotsToKeep is { } keep) writer.WriteNumber("min-snapshots-to-keep", keep);
        if (reference.MaxSnapshotAgeMs is { } age) writer.WriteNumber("max-snapshot-age-ms", age);
        if (reference.MaxRefAgeMs is { } refAge) writer.WriteNumber("max-ref-age-ms", refAge);
        reference.Unknown.WriteTo(writer);
    }

    /// <param name="json">The object.</param>
    /// <param name="alsoKnown">Fields that do not belong to the reference, where it shares its object with others.</param>
    public static SnapshotReference ReadReference(JsonObjectReader json, params ReadOnlySpan<string> alsoKnown)
    {
        var type = json.Text("type").ToLowerInvariant() switch
        {
            "branch" => SnapshotReferenceType.Branch,
            "tag" => SnapshotReferenceType.Tag,
            var other => throw json.Fault("type", $"is '{other}' and must be branch or tag"),
        };
        return new SnapshotReference(json.Int64("snapshot-id"), type)
        {
            MinSnapshotsToKeep = json.OptionalInt32("min-snapshots-to-keep"),
            MaxSnapshotAgeMs = json.OptionalInt64("max-snapshot-age-ms"),
            MaxRefAgeMs = json.OptionalInt64("max-ref-age-ms"),
            Unknown = json.Others(["snapshot-id", "type", "min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms", .. alsoKnown]),
        };
    }

    private static void WriteManifests(Utf8JsonWriter writer, IReadOnlyList<string> manifests)
    {
        writer.WriteStartArray("manifests");
        foreach (var manifest in manifests) writer.WriteStringValue(manifest);
        writer.WriteEndArray();
    }
}
