using System.Text;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Tests.Readers;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Iceberg.Tests.Deletes;

/// <summary>Deleted rows by position: written, read, and honoured by others.</summary>
public sealed class PositionDeleteTests
{
    private static readonly Schema Numbers = new(StructType.Of(NestedField.Mandatory(1, "n", PrimitiveType.Long)));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_set_of_positions_is_a_set(int seed)
    {
        var random = new Random(seed);
        var (set, model) = (new PositionSet(1_000_000), new SortedSet<long>());
        for (var i = 0; i < 5000; i++)
        {
            var position = random.NextInt64(random.Next(2) == 0 ? 1_000_000 : 3000);
            set.Add(position).ShouldBe(model.Add(position));
        }

        set.Count.ShouldBe(model.Count);
        set.ShouldBe(model);
        for (var i = 0; i < 3000; i++) set.Contains(i).ShouldBe(model.Contains(i));
        Should.Throw<IcebergException>(() => new PositionSet(long.MaxValue)).Kind.ShouldBe(IcebergErrorKind.Invalid);
        (set.Add(-1), set.Add(1_000_000), set.Contains(-1), set.Contains(long.MaxValue)).ShouldBe((false, false, false, false));
    }

    [Fact]
    public async Task Deletes_are_sorted_bounded_and_come_back()
    {
        using var folder = new LakeFolder();
        var random = new Random(1);
        var deletes = new[] { "file:/b/\U0001F986", "file:/a", "file:/b/\uFFFF", "file:/none" }.ToDictionary(path => path, _ => new PositionSet(100_000));
        foreach (var (path, set) in deletes)
            for (var i = 0; path != "file:/none" && i < 40_000; i++) set.Add(random.Next(100_000));
        var file = await folder.WriteDeletesAsync((output, location) => PositionDeleteFile.WriteAsync(output, location, deletes));
        (file.Content, file.RecordCount, file.ReferencedDataFile).ShouldBe((DataFileContent.PositionDeletes, deletes.Values.Sum(set => set.Count), null));

        // By UTF-8, in which U+1F986 is behind U+FFFF; whole, not cut to sixteen.
        Encoding.UTF8.GetString(file.LowerBounds![PositionDeleteFile.FilePathId].Span).ShouldBe("file:/a");
        Encoding.UTF8.GetString(file.UpperBounds![PositionDeleteFile.FilePathId].Span).ShouldBe("file:/b/\U0001F986");
        SingleValueBinary.Read(PrimitiveType.Long, file.LowerBounds[PositionDeleteFile.PositionId].Span).AsLong().ShouldBe(deletes.Values.Where(set => set.Count > 0).Min(set => set.First()));

        var found = new Dictionary<string, PositionSet> { ["file:/a"] = new(100_000), ["file:/b/\U0001F986"] = new(10), ["file:/other"] = new(100_000) };
        await PositionDeleteFile.ReadAsync(folder.Open, file, found);
        found["file:/a"].ShouldBe(deletes["file:/a"]);

        // Positions that a file does not have delete nothing.
        found["file:/b/\U0001F986"].ShouldBe(deletes["file:/b/\U0001F986"].Where(position => position < 10));
        found["file:/other"].Count.ShouldBe(0);
        var sql = $"SELECT count(*), count(DISTINCT (file_path, pos)), bool_and(before IS NULL OR before < (file_path, pos)) FROM (SELECT *, lag((file_path, pos)) OVER (ORDER BY file_row_number) AS before "
            + $"FROM read_parquet('{LakeFolder.PathOf(file.FilePath)}', file_row_number = true))";
        (await LakeReaders.SqlAsync(sql)).ShouldHaveSingleItem().ShouldBe($"[{file.RecordCount},{file.RecordCount},true]");
    }

    [Fact]
    public async Task Deletes_of_one_file_name_it_and_deletes_of_nothing_are_refused()
    {
        using var folder = new LakeFolder();
        var one = new PositionSet(5);
        one.Add(3);
        var file = await folder.WriteDeletesAsync((output, location) => PositionDeleteFile.WriteAsync(output, location, new Dictionary<string, PositionSet> { ["file:/a"] = one }));
        file.ReferencedDataFile.ShouldBe("file:/a");
        var error = await Should.ThrowAsync<IcebergException>(() => folder.WriteDeletesAsync((output, location) =>
            PositionDeleteFile.WriteAsync(output, location, new Dictionary<string, PositionSet> { ["file:/a"] = new(5) })));
        error.Message.ShouldBe("A position delete file needs at least one position; commit without a delete file where nothing is deleted.");
    }

    [Fact]
    public async Task Rows_are_read_without_those_deleted_in_several_files()
    {
        using var folder = new LakeFolder();
        var random = new Random(3);
        var file = await folder.WriteAsync(Numbers, Enumerable.Range(0, 1000).Select(n => new[] { IcebergValue.Long(n) }));
        var other = await folder.WriteAsync(Numbers, Enumerable.Range(2000, 10).Select(n => new[] { IcebergValue.Long(n) }));
        var (deleted, files) = (new HashSet<long>(), new List<DataFile>());
        for (var i = 0; i < 3; i++)
        {
            var set = new PositionSet(1000);
            for (var n = 0; n < 200; n++) set.Add(random.Next(1000));
            deleted.UnionWith(set);
            files.Add(await folder.WriteDeletesAsync((output, location) => PositionDeleteFile.WriteAsync(output, location, new Dictionary<string, PositionSet> { [file.FilePath] = set })));
        }

        var rows = await folder.ReadAsync(Numbers, [new FileRows(file, files), new FileRows(other, files)]);
        rows.Select(row => row[0].AsLong()).ShouldBe(Enumerable.Range(0, 1000).Select(n => (long)n).Where(n => !deleted.Contains(n)).Concat(Enumerable.Range(2000, 10).Select(n => (long)n)));
    }

    [Fact]
    public async Task An_independent_reader_honours_our_delete_files()
    {
        using var folder = new TemporaryFolder();
        var table = new WrittenTable(folder.Path, PartitionSpec.Unpartitioned);
        var none = PartitionTuple.Empty;
        var first = await table.WriteRowsAsync(none, (0, "a", null, null), (1, "b", null, null), (2, "c", null, null));
        var second = await table.WriteRowsAsync(none, (3, "d", null, null), (4, null, null, null), (5, "f", null, null));
        await table.CommitAsync(10, "append", first, second);
        var deletes = new Dictionary<string, PositionSet> { [second.FilePath] = new(3), [first.FilePath] = new(3) };
        deletes[first.FilePath].Add(1);
        deletes[second.FilePath].Add(2);
        await table.CommitAsync(11, "delete", await table.AddFileAsync((output, location) => PositionDeleteFile.WriteAsync(output, location, deletes)));
        (await LakeReaders.IcebergAsync(table.MetadataFile)).Skip(1).Order().ShouldBe(["""[0,"a",null,null]""", """[2,"c",null,null]""", """[3,"d",null,null]""", "[4,null,null,null]"]);
        await table.CommitAsync(12, "delete", await table.AddFileAsync((output, location) =>
            EqualityDeleteFile.WriteAsync(output, location, WrittenTable.Schema, [2], [[IcebergValue.String("d")], [IcebergValue.String("x")]])));
        (await LakeReaders.IcebergAsync(table.MetadataFile)).Skip(1).Order().ShouldBe(["""[0,"a",null,null]""", """[2,"c",null,null]""", "[4,null,null,null]"]);
    }
}
