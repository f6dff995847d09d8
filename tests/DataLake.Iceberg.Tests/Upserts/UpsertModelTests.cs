using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Tests.Readers;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Upserts;
using DataLake.Iceberg.Values;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Iceberg.Tests.Upserts;

/// <summary>Random upserts and deletes; a dictionary says what is left. Judged by our reader after every batch, and by an independent one at the end.</summary>
public sealed class UpsertModelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Live_rows_are_those_of_a_dictionary(int seed)
    {
        using var folder = new LakeFolder();
        using var tableFolder = new TemporaryFolder();
        var table = new WrittenTable(tableFolder.Path, PartitionSpec.Unpartitioned);
        var schema = WrittenTable.Schema;
        var random = new RandomRows(seed);
        var model = new Dictionary<long, IcebergValue[]>();
        var (live, deletes, committedDeletes) = (new List<DataFile>(), new List<DataFile>(), 0);
        for (var batch = 0; batch < 8; batch++)
        {
            // Mostly keys that are there, some new; each once a batch.
            var changed = Enumerable.Range(0, random.Next(1, 300)).Select(_ => (long)random.Next(1500)).Distinct().ToList();
            var rows = changed.ConvertAll(id => Row(id, random));
            var added = new List<DataFile>();
            foreach (var part in rows.Chunk(random.Next(40, 200)))
                added.Add(await table.AddFileAsync((output, location) => WriteAsync(output, location, schema, part)));
            await RemoveAsync(added);
            foreach (var row in rows) model[row[0].AsLong()] = row;

            // Deleted in the source: a file of keys, which never becomes part of the table.
            var gone = Enumerable.Range(0, random.Next(0, 60)).Select(_ => (long)random.Next(1500)).Distinct().Except(changed).ToList();
            if (gone.Count > 0)
            {
                await RemoveAsync([await folder.WriteAsync(schema, gone.ConvertAll(id => Row(id, random)))]);
                foreach (var id in gone) model.Remove(id);
            }

            live.AddRange(added);
            await table.CommitAsync(100 + batch, "overwrite", [.. added, .. deletes.Skip(committedDeletes)]);
            committedDeletes = deletes.Count;
            var found = await folder.ReadAsync(schema, live.Select(file => new FileRows(file, deletes)));
            found.Select(Text).Order(StringComparer.Ordinal).ShouldBe(model.Values.Select(Text).Order(StringComparer.Ordinal), $"batch {batch}");
        }

        var lines = (await LakeReaders.IcebergAsync(table.MetadataFile)).Skip(1).ToList();
        lines.Select(line => line.TrimStart('[').Split(',')[0]).Order(StringComparer.Ordinal)
            .ShouldBe(model.Keys.Select(id => id.ToString(System.Globalization.CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal));
        lines.Distinct().Count().ShouldBe(model.Count);

        async Task RemoveAsync(IReadOnlyList<DataFile> keys)
        {
            var candidates = new List<(DataFile, PositionSet?)>();
            foreach (var file in live) candidates.Add((file, await RowReader.PositionsAsync(folder.Open, new FileRows(file, deletes))));
            var search = new KeySearch(folder.Open, schema, [1], new KeySearchOptions { KeyBytes = random.Pick<long>([1, 1 << 20]), Parallelism = random.Next(1, 5) });
            var found = await search.FindAsync(keys, candidates);
            if (found.Count > 0) deletes.Add(await table.AddFileAsync((output, location) => PositionDeleteFile.WriteAsync(output, location, found)));
        }
    }

    private static async Task<DataFile> WriteAsync(Stream output, string location, Schema schema, IEnumerable<IcebergValue[]> rows)
    {
        await using var writer = new Parquet.Writing.ParquetFileWriter(output, ParquetFiles.ParquetTypes.ToParquet(schema), LakeFolder.Small);
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++) ParquetFiles.ParquetValues.Append(writer[i], row[i]);
            await writer.EndBatchAsync(default);
        }

        var summary = await writer.CompleteAsync(default);
        return ParquetFiles.ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata);
    }

    private static IcebergValue[] Row(long id, RandomRows random) => [IcebergValue.Long(id), .. random.Row(WrittenTable.Schema).Skip(1)];

    private static string Text(IcebergValue[] row) => string.Join('|', row);
}
