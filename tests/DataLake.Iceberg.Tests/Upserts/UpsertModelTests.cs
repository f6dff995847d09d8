using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Upserts;
using DataLake.Iceberg.Values;
using DataLake.Testing.Readers;

namespace DataLake.Iceberg.Tests.Upserts;

/// <summary>Random upserts and deletes; a dictionary says what is left. Judged by our reader after every commit, and by an independent one at the end.</summary>
public sealed class UpsertModelTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static readonly Schema Schema = new(StructType.Of(
        NestedField.Mandatory(1, "id", PrimitiveType.Long), NestedField.Optional(2, "name", PrimitiveType.String),
        NestedField.Optional(3, "amount", PrimitiveType.Double), NestedField.Optional(4, "day", PrimitiveType.Date)));

    [Theory]
    [InlineData(1, 0, false, 2)]
    [InlineData(2, 0, false, 2)]
    [InlineData(3, 4, false, 2)]
    [InlineData(4, 0, true, 2)]
    [InlineData(5, 4, true, 2)]
    [InlineData(6, 4, true, 3)]
    [InlineData(7, 0, false, 3)]
    [InlineData(8, 4, false, 3)]
    public async Task Live_rows_are_those_of_a_dictionary(int seed, int buckets, bool byKey, int version)
    {
        var random = new RandomRows(seed);
        var table = await UpsertTable.CreateAsync(lake, $"model_{seed}", Schema, formatVersion: version);
        if (buckets > 0) await table.LayOutAsync(new TableLayout([new LayoutPartition("id", Transform.Bucket(buckets))], []));
        var spec = (await table.LoadAsync()).Metadata.DefaultSpec;
        var model = new Dictionary<long, IcebergValue[]>();
        for (var commit = 0; commit < 8; commit++)
        {
            // Deleted in the source: a file of keys, which never becomes part of the table.
            var gone = Ids(random.Next(0, 60));
            foreach (var id in gone) model.Remove(id);
            var deletedKeys = gone.Count == 0 ? [] : new[] { await table.WriteAsync(Schema, PartitionSpec.Unpartitioned, gone.ConvertAll(Row)) };

            // Mostly keys that are there, some new; each once a generation.
            var generations = new List<IReadOnlyList<DataFile>>();
            for (var generation = random.Next(1, 4); generation > 0; generation--)
            {
                var rows = Ids(random.Next(0, 300)).ConvertAll(Row);
                foreach (var row in rows) model[row[0].AsLong()] = row;
                var files = new List<DataFile>();
                foreach (var partition in rows.GroupBy(row => spec.Fields.Count == 0 ? PartitionTuple.Empty : spec.Apply(row[0])))
                    foreach (var part in partition.Chunk(random.Next(40, 200))) files.Add(await table.WriteAsync(Schema, spec, part));
                generations.Add(files);
            }

            var before = (await table.RowsAsync()).Count;
            var deletedBefore = (await table.VectorsAsync()).ToDictionary(vector => vector.ReferencedDataFile!, vector => vector.RecordCount);
            var plan = await table.PlanAsync(generations, deletedKeys, options: new KeySearchOptions { KeyBytes = random.Pick<long>([1, 1 << 20]), Parallelism = random.Next(1, 5) }, byKey: byKey);
            var outcome = await table.CommitAsync(plan);
            var after = await table.RowsAsync();
            after.ShouldBe(model.Values.Select(row => UpsertTable.Text(row)).Order(StringComparer.Ordinal).ToList(), $"commit {commit}");
            if (byKey)
            {
                // Nothing is known of the table's rows, and their keys leave every partition. Sometimes compaction takes them out.
                var keys = plan.DeleteFiles.Where(file => file.Content == DataFileContent.EqualityDeletes).ToList();
                keys.Count.ShouldBe(before > 0 && generations.Any(files => files.Count > 0) ? 1 : keys.Count);
                keys.ShouldAllBe(file => file.PartitionSpecId == 0);
                if (!random.Chance(0.4)) continue;
                (await table.CompactAsync(new CompactionOptions { MaxDeleteFiles = 2, MinFiles = 2, MemoryBytes = random.Pick<long>([2000, 1 << 20]) })).Skipped.ShouldBeEmpty();
                (await table.RowsAsync()).ShouldBe(after);
                continue;
            }

            plan.RowsReplaced.ShouldBe(before + generations.Sum(files => files.Sum(file => file.RecordCount)) - after.Count);

            // A vector has what was deleted of its data file before too.
            plan.DeleteFiles.Sum(file => file.RecordCount - deletedBefore.GetValueOrDefault(file.ReferencedDataFile ?? "")).ShouldBe(plan.RowsReplaced);
            if (version == 2) plan.DeleteFiles.Select(file => file.Partition).ShouldBeUnique();
            else (plan.DeleteFiles.Select(file => file.FilePath).Distinct().Count() <= 1, plan.DeleteFiles.All(file => file.IsDeletionVector)).ShouldBe((true, true));
            (await table.VectorsAsync()).Select(vector => vector.ReferencedDataFile).ShouldBeUnique();
            outcome.Snapshot.Operation.ShouldBe(plan.RowsReplaced == 0 ? "append" : generations.All(files => files.Count == 0) ? "delete" : "overwrite");
        }

        // Which knows no deletion vectors.
        if (version == 3)
        {
            (await table.VectorsAsync()).ShouldNotBeEmpty();
            await table.CompactAsync(new CompactionOptions { MinFiles = 2, DeletedShare = 0 });
            (await table.VectorsAsync()).ShouldBeEmpty();
        }

        var lines = (await LakeReaders.IcebergAsync(lake.Lake.Resolve(lake.Files.PathOf((await table.LoadAsync()).MetadataLocation)))).Skip(1).ToList();
        lines.Select(line => line.TrimStart('[').Split(',')[0]).Order(StringComparer.Ordinal)
            .ShouldBe(model.Keys.Select(id => id.ToString(System.Globalization.CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal));

        List<long> Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(1500)).Distinct()];

        IcebergValue[] Row(long id) => [IcebergValue.Long(id), .. random.Row(Schema).Skip(1)];
    }
}
