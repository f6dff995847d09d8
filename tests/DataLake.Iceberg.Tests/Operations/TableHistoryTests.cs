using System.Globalization;
using System.Text.Json;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;
using DataLake.Testing.Readers;

namespace DataLake.Iceberg.Tests.Operations;

/// <summary>
/// Histories at random against rows in memory: rows come, change and go, columns too, and maintenance goes on meanwhile; every snapshot keeps what it had. Judged by our reader after every step, and by
/// independent ones at the end. A failure names its seed, which gives the same history again.
/// </summary>
public sealed class TableHistoryTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private const int Steps = 35;

    /// <summary>Seeds, and the format versions with which a table begins and ends. The same in every run; DATALAKE_HISTORY_SEEDS adds as many others.</summary>
    public static TheoryData<int, int, int> Histories
    {
        get
        {
            var histories = new TheoryData<int, int, int>();
            foreach (var seed in Enumerable.Range(1, 4).Concat(Enumerable.Range(1000, int.TryParse(Environment.GetEnvironmentVariable("DATALAKE_HISTORY_SEEDS"), out var more) ? more : 0)))
                foreach (var (first, last) in ((int, int)[])[(2, 2), (3, 3), (2, 3)]) histories.Add(seed, first, last);
            return histories;
        }
    }

    [Theory]
    [MemberData(nameof(Histories))]
    public async Task A_table_has_what_rows_in_memory_have_after_any_history(int seed, int firstVersion, int lastVersion)
    {
        var spec = seed % 2 == 0 ? new PartitionSpec(0, [PartitionField.Of(1, "id_bucket", Transform.Bucket(3))]) : PartitionSpec.Unpartitioned;
        var properties = new Dictionary<string, string>
        {
            ["commit.manifest.min-count-to-merge"] = "5", [TableMetadataUpdates.PreviousVersionsMax] = "5", [MetadataFiles.DeleteAfterCommitProperty] = "true",
        };
        var table = await LakeTable.CreateAsync(lake, $"history_{seed}_{firstVersion}_{lastVersion}", spec, properties, formatVersion: firstVersion);
        var history = new RandomHistory(lake, table, seed);
        for (var step = 0; step < Steps; step++)
        {
            if (step == Steps / 2) await table.UpgradeAsync(lastVersion);
            var what = $"seed {seed}, step {step}: {await history.StepAsync()}";
            var metadata = (await table.LoadAsync()).Metadata;
            if (metadata.CurrentSnapshot is not { } current) continue;
            var files = await table.PlanAsync();
            current.Summary["total-data-files"].ShouldBe(files.Count.ToString(CultureInfo.InvariantCulture), what);
            (await VectorsAsync(current)).ShouldBe(files.SelectMany(file => file.Deletes).Where(delete => delete.DataFile.IsDeletionVector).Select(delete => delete.DataFile.ReferencedDataFile), ignoreOrder: true, what);
            (await TextsAsync(table)).ShouldBe(Texts(history.Rows, metadata.CurrentSchema), ignoreOrder: false, what);
        }

        var last = await table.LoadAsync();
        foreach (var (snapshotId, rows) in history.Snapshots)
            (await TextsAsync(table, last.Metadata.FindSnapshot(snapshotId))).ShouldBe(Texts(rows, last.Metadata.CurrentSchema), ignoreOrder: false, $"seed {seed}, snapshot {snapshotId}");
        foreach (var (snapshotId, rows) in history.Lineages.Where(snapshot => last.Metadata.FindSnapshot(snapshot.Key) is not null))
            (await table.LineageAsync(last.Metadata.FindSnapshot(snapshotId))).ShouldBe(rows, $"seed {seed}, snapshot {snapshotId}");
        (await table.OrphansAsync()).ShouldBeEmpty($"seed {seed}");
        var health = await TableHealth.MeasureAsync(lake.Files, last, new CompactionOptions(), DateTimeOffset.UtcNow, Cancellation);
        (health.DataFiles, health.Snapshots).ShouldBe(((await table.PlanAsync()).Count, history.Snapshots.Count));

        // A snapshot without a file is one that the reader refuses.
        foreach (var (snapshotId, rows) in (IEnumerable<KeyValuePair<long, IReadOnlyDictionary<long, IReadOnlyDictionary<int, IcebergValue>>>>)[history.Snapshots.First(), new(last.Metadata.CurrentSnapshotId!.Value, history.Rows)])
        {
            var files = await table.PlanAsync(last.Metadata.FindSnapshot(snapshotId));

            // Nor does it know deletion vectors.
            if (files.Count > 0 && (await VectorsAsync(last.Metadata.FindSnapshot(snapshotId)!)).Count == 0) await IcebirdAgreesAsync(last, snapshotId, rows, seed);
        }

        await DuckDbAgreesAsync(table, history.Rows, seed);
        if (lastVersion < 3 || history.Rows.Count == 0) return;

        // Without deletes every reader can judge what compaction made of the rows; and they keep their ids.
        var lineage = await table.LineageAsync();
        await new Compaction(lake.Catalog, lake.Files, TimeProvider.System).RunAsync(table.Identifier, new CompactionOptions { MinFiles = 1, DeletedShare = 0, MaxDeleteFiles = 1 }, Cancellation);
        (await VectorsAsync((await table.LoadAsync()).Metadata.CurrentSnapshot!)).ShouldBeEmpty();
        (await table.LineageAsync()).Where(row => lineage[row.Key].RowId is not null).ShouldBe(lineage.Where(row => row.Value.RowId is not null));
        last = await table.LoadAsync();
        await IcebirdAgreesAsync(last, last.Metadata.CurrentSnapshotId!.Value, history.Rows, seed);
    }

    /// <summary>The data files that the live deletion vectors of a snapshot are of.</summary>
    private async Task<List<string>> VectorsAsync(Snapshot snapshot)
    {
        var (reader, targets) = (new SnapshotReader(lake.Files), new List<string>());
        foreach (var manifest in await reader.ManifestsAsync(snapshot, Cancellation))
            await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: false, Cancellation))
                if (entry.IsLive && entry.DataFile.IsDeletionVector) targets.Add(entry.DataFile.ReferencedDataFile!);
        return targets;
    }

    /// <summary>Rows as lines by a schema: values of columns that are not there any more are left out, those of new ones are null, and narrow ones are widened.</summary>
    private static List<string> Texts(IReadOnlyDictionary<long, IReadOnlyDictionary<int, IcebergValue>> rows, Schema schema) =>
        [.. rows.Select(row => Text(schema, field => PartitionPromotion.Promote(row.Value.GetValueOrDefault(field.Id), (PrimitiveType)field.Type))).Order(StringComparer.Ordinal)];

    private static async Task<List<string>> TextsAsync(LakeTable table, Snapshot? snapshot = null)
    {
        var schema = (await table.LoadAsync()).Metadata.CurrentSchema;
        return [.. (await table.ReadAsync(snapshot)).Select(row => Text(schema, field => row[schema.Columns.Fields.ToList().IndexOf(field)])).Order(StringComparer.Ordinal)];
    }

    /// <summary>A line in the form of tests/readers/read.mjs, its values separated.</summary>
    private static string Text(Schema schema, Func<NestedField, IcebergValue> valueOf) => string.Join('|', schema.Columns.Fields.Select(field => valueOf(field) switch
    {
        { IsNull: true } => "null",
        { IsNaN: true } => "NaN",
        { Type: TypeId.Float } value => $"f:{BitConverter.SingleToUInt32Bits(value.AsFloat()):x8}",
        { Type: TypeId.Double } value => $"d:{BitConverter.DoubleToUInt64Bits(value.AsDouble()):x16}",
        { Type: TypeId.Boolean } value => value.AsBoolean() ? "true" : "false",
        { Type: TypeId.String } value => value.AsString(),
        var value => value.AsLong().ToString(CultureInfo.InvariantCulture),
    }));

    private async Task IcebirdAgreesAsync(CatalogTable table, long snapshotId, IReadOnlyDictionary<long, IReadOnlyDictionary<int, IcebergValue>> rows, int seed)
    {
        // The reader takes the current snapshot: an earlier one is made current in a copy of the metadata.
        var metadata = table.Metadata with
        {
            CurrentSnapshotId = snapshotId, Refs = new Dictionary<string, SnapshotReference> { [SnapshotReference.Main] = new(snapshotId, SnapshotReferenceType.Branch) },
        };
        var location = await new MetadataFiles(lake.Files).WriteAsync(metadata, table.MetadataLocation, Cancellation);
        var lines = await LakeReaders.IcebergAsync(lake.Lake.Resolve(lake.Files.PathOf(location)), Cancellation);
        lines.Skip(1).Select(Line).Order(StringComparer.Ordinal).ShouldBe(Texts(rows, table.Metadata.CurrentSchema), ignoreOrder: false, $"seed {seed}, snapshot {snapshotId}");

        static string Line(string line)
        {
            using var json = JsonDocument.Parse(line);
            return string.Join('|', json.RootElement.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText()));
        }
    }

    /// <summary>DuckDB reads the files that our plan lists, without the positions and keys that their delete files name.</summary>
    private static async Task DuckDbAgreesAsync(LakeTable table, IReadOnlyDictionary<long, IReadOnlyDictionary<int, IcebergValue>> rows, int seed)
    {
        var parts = new List<string>();
        foreach (var file in await table.PlanAsync())
        {
            var deletes = file.Deletes.ToLookup(delete => delete.DataFile.Content, delete => PathOf(delete.DataFile.FilePath));
            var sql = $"SELECT id FROM read_parquet('{PathOf(file.Data.DataFile.FilePath)}', file_row_number=true) AS data WHERE true";
            if (file.Deletes.Any(delete => delete.DataFile.IsDeletionVector))
                sql += $" AND file_row_number NOT IN ({string.Join(", ", await RowReader.PositionsAsync(table.Open, LakeTable.RowsOf(file), Cancellation))})";
            else if (deletes.Contains(DataFileContent.PositionDeletes))
                sql += $" AND NOT EXISTS (SELECT 1 FROM read_parquet([{Quoted(deletes[DataFileContent.PositionDeletes])}]) AS gone WHERE gone.file_path = '{file.Data.DataFile.FilePath}' AND gone.pos = data.file_row_number)";
            if (deletes.Contains(DataFileContent.EqualityDeletes)) sql += $" AND id NOT IN (SELECT id FROM read_parquet([{Quoted(deletes[DataFileContent.EqualityDeletes])}]))";
            parts.Add(sql);
        }

        if (parts.Count == 0) return;
        var ids = await LakeReaders.SqlAsync(string.Join(" UNION ALL ", parts), Cancellation);
        ids.Where(line => line.Length > 0).Select(line => long.Parse(line.Trim('[', ']'), CultureInfo.InvariantCulture)).Order().ShouldBe(rows.Keys.Order(), $"seed {seed}");
    }

    private static string PathOf(string location) => location["file://".Length..];

    private static string Quoted(IEnumerable<string> paths) => string.Join(", ", paths.Select(path => $"'{path}'"));
}
