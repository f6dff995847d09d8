using System.Globalization;
using System.Text.Json;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
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

    /// <summary>The same in every run; DATALAKE_HISTORY_SEEDS adds as many others.</summary>
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 4), .. Enumerable.Range(1000, int.TryParse(Environment.GetEnvironmentVariable("DATALAKE_HISTORY_SEEDS"), out var more) ? more : 0)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_table_has_what_rows_in_memory_have_after_any_history(int seed)
    {
        var spec = seed % 2 == 0 ? new PartitionSpec(0, [PartitionField.Of(1, "id_bucket", Transform.Bucket(3))]) : PartitionSpec.Unpartitioned;
        var properties = new Dictionary<string, string>
        {
            ["commit.manifest.min-count-to-merge"] = "5", [TableMetadataUpdates.PreviousVersionsMax] = "5", [MetadataFiles.DeleteAfterCommitProperty] = "true",
        };
        var table = await LakeTable.CreateAsync(lake, $"history_{seed}", spec, properties);
        var history = new RandomHistory(lake, table, seed);
        for (var step = 0; step < 35; step++)
        {
            var what = $"seed {seed}, step {step}: {await history.StepAsync()}";
            var metadata = (await table.LoadAsync()).Metadata;
            if (metadata.CurrentSnapshot is not { } current) continue;
            current.Summary["total-data-files"].ShouldBe((await table.PlanAsync()).Count.ToString(CultureInfo.InvariantCulture), what);
            (await TextsAsync(table)).ShouldBe(Texts(history.Rows, metadata.CurrentSchema), ignoreOrder: false, what);
        }

        var last = await table.LoadAsync();
        foreach (var (snapshotId, rows) in history.Snapshots)
            (await TextsAsync(table, last.Metadata.FindSnapshot(snapshotId))).ShouldBe(Texts(rows, last.Metadata.CurrentSchema), ignoreOrder: false, $"seed {seed}, snapshot {snapshotId}");
        (await table.OrphansAsync()).ShouldBeEmpty($"seed {seed}");
        var health = await TableHealth.MeasureAsync(lake.Files, last, new CompactionOptions(), DateTimeOffset.UtcNow, Cancellation);
        (health.DataFiles, health.Snapshots).ShouldBe(((await table.PlanAsync()).Count, history.Snapshots.Count));

        // A snapshot without a file is one that the reader refuses.
        if ((await table.PlanAsync()).Count > 0) await IcebirdAgreesAsync(last, last.Metadata.CurrentSnapshotId!.Value, history.Rows, seed);
        var (earlier, earlierRows) = history.Snapshots.First();
        if ((await table.PlanAsync(last.Metadata.FindSnapshot(earlier))).Count > 0) await IcebirdAgreesAsync(last, earlier, earlierRows, seed);
        await DuckDbAgreesAsync(table, history.Rows, seed);
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
        var parts = (await table.PlanAsync()).Select(file =>
        {
            var deletes = file.Deletes.ToLookup(delete => delete.DataFile.Content, delete => PathOf(delete.DataFile.FilePath));
            var sql = $"SELECT id FROM read_parquet('{PathOf(file.Data.DataFile.FilePath)}', file_row_number=true) AS data WHERE true";
            if (deletes.Contains(DataFileContent.PositionDeletes))
                sql += $" AND NOT EXISTS (SELECT 1 FROM read_parquet([{Quoted(deletes[DataFileContent.PositionDeletes])}]) AS gone WHERE gone.file_path = '{file.Data.DataFile.FilePath}' AND gone.pos = data.file_row_number)";
            if (deletes.Contains(DataFileContent.EqualityDeletes)) sql += $" AND id NOT IN (SELECT id FROM read_parquet([{Quoted(deletes[DataFileContent.EqualityDeletes])}]))";
            return sql;
        }).ToList();
        if (parts.Count == 0) return;
        var ids = await LakeReaders.SqlAsync(string.Join(" UNION ALL ", parts), Cancellation);
        ids.Where(line => line.Length > 0).Select(line => long.Parse(line.Trim('[', ']'), CultureInfo.InvariantCulture)).Order().ShouldBe(rows.Keys.Order(), $"seed {seed}");
    }

    private static string PathOf(string location) => location["file://".Length..];

    private static string Quoted(IEnumerable<string> paths) => string.Join(", ", paths.Select(path => $"'{path}'"));
}
