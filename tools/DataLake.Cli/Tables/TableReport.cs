using System.Globalization;
using DataLake.Cli.Ledgers;
using DataLake.Cli.Output;
using DataLake.Contracts;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Types;
using DataLake.Ledger.Database;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Maintenance;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;

namespace DataLake.Cli.Tables;

/// <summary>A column of a table.</summary>
internal sealed record ColumnReport(int Id, string Name, string Type, bool Required, bool Key);

/// <summary>A branch or tag.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Branch or tag.</param>
/// <param name="Snapshot">Its snapshot.</param>
/// <param name="At">When that was made.</param>
/// <param name="Until">When it is dropped by itself; null for never.</param>
internal sealed record ReferenceReport(string Name, SnapshotReferenceType Type, string Snapshot, DateTimeOffset? At, DateTimeOffset? Until)
{
    public static ReferenceReport Of(TableMetadata table, string name, SnapshotReference reference)
    {
        DateTimeOffset? at = table.FindSnapshot(reference.SnapshotId) is { } snapshot ? DateTimeOffset.FromUnixTimeMilliseconds(snapshot.TimestampMs) : null;
        return new ReferenceReport(
            name, reference.Type, reference.SnapshotId.ToString(CultureInfo.InvariantCulture), at,
            name != SnapshotReference.Main && reference.MaxRefAgeMs is { } age && at is { } made && age < (DateTimeOffset.MaxValue - made).TotalMilliseconds ? made.AddMilliseconds(age) : null);
    }
}

/// <summary>How a table is doing, what its maintenance would do now by the default settings, and what it did last.</summary>
internal sealed record HealthReport(TableHealth Figures, IReadOnlyList<MaintenanceNeed> Due, IReadOnlyList<TableMaintenance> Done);

/// <summary>All that <c>lake table</c> tells of one table at one snapshot.</summary>
internal sealed record TableReport
{
    private const int MaintenanceShown = 5;

    public required string Table { get; init; }

    public string? Pipeline { get; init; }

    public string? SourceTable { get; init; }

    public required string Location { get; init; }

    public required string MetadataFile { get; init; }

    public int FormatVersion { get; init; }

    public required SnapshotProgress Progress { get; init; }

    /// <summary>The snapshot that is told of; null in a table that never had rows.</summary>
    public SnapshotReport? Snapshot { get; init; }

    /// <summary>What the person asked for; null for the current snapshot.</summary>
    public string? AsOf { get; init; }

    /// <summary>Rows; at most so many where keys were deleted.</summary>
    public long Rows { get; init; }

    public long DeletedRows { get; init; }

    /// <summary>Keys that were deleted, of rows that nobody has looked for yet.</summary>
    public long DeletedKeys { get; init; }

    public int DataFiles { get; init; }

    public int DeleteFiles { get; init; }

    /// <summary>Bytes of data and delete files.</summary>
    public long Bytes { get; init; }

    public required IReadOnlyList<ColumnReport> Columns { get; init; }

    /// <summary>The last snapshots, newest first; with <see cref="AsOf"/> those that the snapshot came from.</summary>
    public required IReadOnlyList<SnapshotReport> Snapshots { get; init; }

    /// <summary>How many snapshots there are beside those shown.</summary>
    public int MoreSnapshots { get; init; }

    /// <summary>Windows that a rollback took out and nothing has brought back; of the current snapshot only.</summary>
    public IReadOnlyList<Window> Missing { get; init; } = [];

    public required IReadOnlyList<ReferenceReport> References { get; init; }

    /// <summary>What new rows are divided by, as a definition writes it; empty in a table without partitions.</summary>
    public IReadOnlyList<string> PartitionedBy { get; init; } = [];

    /// <summary>What rows are sorted by once the table is compacted; empty where they are not.</summary>
    public IReadOnlyList<string> SortedBy { get; init; } = [];

    public required IReadOnlyList<PartitionReport> Partitions { get; init; }

    /// <summary>Of the current snapshot only.</summary>
    public HealthReport? Health { get; init; }

    /// <summary>Where they were asked for.</summary>
    public IReadOnlyList<FileReport>? Files { get; init; }

    /// <summary>A query for DuckDB that reads the snapshot; null where none can.</summary>
    public string? Query { get; init; }

    /// <summary>Why there is no query.</summary>
    public string? NoQuery { get; init; }

    public static async Task<TableReport> ReadAsync(LedgerAccess ledger, LakeTables lake, CatalogTable table, string? asOf, int snapshots, bool withFiles, CancellationToken cancellation)
    {
        var metadata = table.Metadata;
        var (snapshot, schema) = SnapshotChoice.AsOf(metadata, asOf);
        var content = await SnapshotContent.ReadAsync(lake.Files, metadata, snapshot, schema, cancellation);
        var history = SnapshotSelection.History(metadata, snapshot).ToList();
        var shown = asOf is null ? [.. metadata.Snapshots.OrderByDescending(one => one.SequenceNumber)] : history;
        var main = SnapshotSelection.History(metadata, metadata.CurrentSnapshot).Select(one => one.SnapshotId).ToHashSet();
        var (query, noQuery) = asOf is null ? (null, null) : QueryOf(metadata, schema, content);
        return new TableReport
        {
            Table = table.Identifier.ToString(),
            Pipeline = metadata.Properties.GetValueOrDefault(LakeTableNames.PipelineProperty),
            SourceTable = metadata.Properties.GetValueOrDefault(LakeTableNames.SourceTableProperty),
            Location = metadata.Location,
            MetadataFile = table.MetadataLocation,
            FormatVersion = metadata.FormatVersion,
            Progress = snapshot is null || snapshot.SnapshotId == metadata.CurrentSnapshotId
                ? SnapshotProgress.OfCurrent(metadata)
                : SnapshotProgress.Of(history, await SnapshotProgress.RunsAsync(history, new RunQueries(ledger.Contexts), cancellation)),
            Snapshot = snapshot is null ? null : SnapshotReport.Of(metadata, snapshot, main),
            AsOf = asOf,
            Rows = content.Files.Sum(file => file.Rows) - content.DeletedRows,
            DeletedRows = content.DeletedRows,
            DeletedKeys = content.DeletedKeys,
            DataFiles = content.Files.Count,
            DeleteFiles = content.Deletes.Count,
            Bytes = content.Files.Sum(file => file.Bytes) + content.Deletes.Sum(file => file.FileSizeInBytes),
            Columns = [.. schema.Columns.Fields.Select(field => new ColumnReport(field.Id, field.Name, field.Type.ToString()!, field.Required, schema.IdentifierFieldIds.Contains(field.Id)))],
            Snapshots = [.. shown.Take(snapshots).Select(one => SnapshotReport.Of(metadata, one, main))],
            MoreSnapshots = Math.Max(0, shown.Count - snapshots),
            Missing = asOf is null ? await MissingWindows.LeftBehindAsync(metadata, new RunQueries(ledger.Contexts), cancellation) : [],
            References = [.. metadata.Refs.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => ReferenceReport.Of(metadata, entry.Key, entry.Value))],
            PartitionedBy = LayoutText.Partitions(metadata),
            SortedBy = LayoutText.Sorts(metadata),
            Partitions = content.Partitions,
            Health = asOf is null ? await HealthAsync(ledger, lake, table, cancellation) : null,
            Files = withFiles ? content.Files : null,
            Query = query,
            NoQuery = noQuery,
        };
    }

    private static (string? Query, string? NoQuery) QueryOf(TableMetadata table, Schema schema, SnapshotContent content)
    {
        try
        {
            return (DuckDbQuery.Of(table, schema, content.Scan, content.VectorRows), null);
        }
        catch (Failure none)
        {
            return (null, none.Message);
        }
    }

    private static async Task<HealthReport> HealthAsync(LedgerAccess ledger, LakeTables lake, CatalogTable table, CancellationToken cancellation)
    {
        var options = new MaintenanceOptions();
        var health = await TableHealth.MeasureAsync(lake.Files, table, options.Compaction, TimeProvider.System.GetUtcNow(), cancellation);
        var store = new MaintenanceStore(ledger.Contexts, new LedgerLocks(ledger.DataSource), TimeProvider.System);
        var properties = table.Metadata.Properties;
        if (properties.GetValueOrDefault(LakeTableNames.PipelineProperty) is not { } pipeline || TableName.TryParse(properties.GetValueOrDefault(LakeTableNames.SourceTableProperty)) is not { } source)
        {
            return new HealthReport(health, [], []); // DataLake does not look after what others made.
        }

        var row = await store.FindAsync(pipeline, source.ToString(), cancellation);
        return new HealthReport(
            health, MaintenanceNeeds.Of(table.Metadata, health, options, TimeProvider.System.GetUtcNow(), row?.OrphansRemovedAt),
            await store.LatestAsync(pipeline, source.ToString(), MaintenanceShown, cancellation));
    }
}
