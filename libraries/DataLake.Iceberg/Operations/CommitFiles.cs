using System.Globalization;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Types;
using DataLake.Storage;

namespace DataLake.Iceberg.Operations;

/// <summary>
/// Writes the manifests and manifest lists of one snapshot, and remembers them: what no attempt of the commit made part of the table is removed. Nobody else knows their names.
/// </summary>
internal sealed class CommitFiles(TableFiles files, long snapshotId) : IAsyncDisposable
{
    // Each holds an open file.
    private const int MostStaged = 32;

    private readonly Guid commit = Guid.NewGuid();
    private readonly List<string> written = [];
    private readonly List<StagedFile> staged = [];
    private int manifests;
    private int lists;

    /// <summary>Writes entries of one kind and spec into as many manifests as they fill. They are published with the manifest list, which alone leads to them.</summary>
    /// <param name="table">The table, with the schema and spec that the entries need.</param>
    /// <param name="specId">The spec.</param>
    /// <param name="content">The kind.</param>
    /// <param name="targetBytes">How long a manifest may become before the next one is begun.</param>
    /// <param name="entries">The entries.</param>
    /// <param name="cancellation">Stops the writing.</param>
    public async Task<IReadOnlyList<ManifestFile>> WriteManifestsAsync(
        TableMetadata table, int specId, ManifestContent content, long targetBytes, IAsyncEnumerable<ManifestEntry> entries, CancellationToken cancellation)
    {
        var spec = table.FindSpec(specId) ?? throw IcebergException.Invalid($"The table has no partition spec {specId}, which a file says it was written by; add the spec in the same commit, or write the file by one of the table's.");
        var schema = SchemaOf(table, spec);
        var type = spec.PartitionType(schema);
        var done = new List<ManifestFile>();
        await using var source = entries.GetAsyncEnumerator(cancellation);
        var hasMore = await source.MoveNextAsync();
        while (hasMore)
        {
            var location = string.Create(CultureInfo.InvariantCulture, $"{MetadataFiles.FolderOf(table)}/{commit}-m{manifests++}.avro");
            var file = Stage(location);
            await using var writer = new ManifestWriter(file.Stream, schema, spec, content, snapshotId, table.FormatVersion);
            for (; hasMore && writer.BytesWritten < targetBytes; hasMore = await source.MoveNextAsync()) await writer.WriteAsync(Promote(source.Current, type), cancellation);
            done.Add(await writer.CompleteAsync(location, cancellation));
            if (staged.Count >= MostStaged) await PublishAsync(cancellation);
        }

        return done;
    }

    /// <summary>Writes the manifest list of an attempt, and puts it and its manifests on disk together.</summary>
    /// <returns>Where it is, and how many row ids it took from the table's next one on.</returns>
    public async Task<(string Location, long AssignedRows)> WriteListAsync(TableMetadata table, IEnumerable<ManifestFile> all, long? parentSnapshotId, long sequenceNumber, CancellationToken cancellation)
    {
        var location = string.Create(CultureInfo.InvariantCulture, $"{MetadataFiles.FolderOf(table)}/snap-{snapshotId}-{++lists}-{commit}.avro");
        var (_, assigned) = await ManifestListWriter.WriteAsync(Stage(location).Stream, all, snapshotId, parentSnapshotId, sequenceNumber, table.HasRowLineage ? table.NextRowId : null, cancellation);
        await PublishAsync(cancellation);
        return (location, assigned);
    }

    /// <summary>Removes what was written but for some files.</summary>
    public void RemoveAllBut(IReadOnlySet<string> kept)
    {
        foreach (var location in written.Where(location => !kept.Contains(location))) files.Delete(location);
    }

    /// <summary>Removes what was begun and not published.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var file in staged) await file.DisposeAsync();
        staged.Clear();
    }

    private StagedFile Stage(string location)
    {
        var file = files.Create(location);
        staged.Add(file);
        written.Add(location);
        return file;
    }

    private async Task PublishAsync(CancellationToken cancellation)
    {
        await StagedFile.PublishTogetherAsync(staged, cancellation);
        await DisposeAsync();
    }

    private static ManifestEntry Promote(ManifestEntry entry, StructType type)
    {
        var partition = PartitionPromotion.Promote(entry.DataFile.Partition, type);
        return ReferenceEquals(partition, entry.DataFile.Partition) ? entry : entry with { DataFile = entry.DataFile with { Partition = partition } };
    }

    /// <summary>The current schema, or for an old spec the newest that still has its columns: without them the types of its partition values are not known.</summary>
    private static Schema SchemaOf(TableMetadata table, PartitionSpec spec) =>
        table.Schemas.OrderByDescending(schema => schema.SchemaId == table.CurrentSchemaId).ThenByDescending(schema => schema.SchemaId)
            .FirstOrDefault(schema => spec.Fields.All(field => schema.FindField(field.SourceId) is not null)) ?? table.CurrentSchema;
}
