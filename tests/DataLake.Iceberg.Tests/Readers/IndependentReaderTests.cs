using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Values;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Iceberg.Tests.Readers;

/// <summary>A reader that shares no code with us finds the rows, from the metadata file on.</summary>
public sealed class IndependentReaderTests
{
    private static readonly PartitionTuple None = PartitionTuple.Empty;

    [Fact]
    public async Task An_independent_reader_finds_the_rows_of_two_commits()
    {
        using var folder = new TemporaryFolder();
        var table = new WrittenTable(folder.Path, PartitionSpec.Unpartitioned);
        await table.CommitAsync(3051729675574597004, "append", await table.WriteRowsAsync(None, (1, "one", 1.5, 17_000), (2, "zwölf \U0001F600", null, null)), await table.WriteRowsAsync(None, (3, null, -0.0, -1)));
        // Not the next number: JavaScript takes both for the same.
        await table.CommitAsync(4051729675574597004, "append", await table.WriteRowsAsync(None, (1L << 60, "", 4, 0)));
        var lines = await LakeReaders.IcebergAsync(table.MetadataFile);
        lines[0].ShouldBe("""["id","name","amount","day"]""");
        lines.Skip(1).Order().ShouldBe(new[]
        {
            """[1,"one","d:3ff8000000000000",17000]""", """[2,"zwölf 😀",null,null]""", """[3,null,"d:8000000000000000",-1]""", """["1152921504606846976","","d:4010000000000000",0]""",
        }.Order());
    }

    [Fact]
    public async Task An_independent_reader_honours_position_deletes()
    {
        using var folder = new TemporaryFolder();
        var table = new WrittenTable(folder.Path, PartitionSpec.Unpartitioned);
        var first = await table.WriteRowsAsync(None, (0, "a", null, null), (1, "b", null, null), (2, "c", null, null));
        var second = await table.WriteRowsAsync(None, (3, "d", null, null), (4, "e", null, null));
        await table.CommitAsync(10, "append", first, second);
        await table.CommitAsync(11, "delete", await table.WriteDeletesAsync(None, (first.FilePath, 1), (second.FilePath, 0)));
        var third = await table.WriteRowsAsync(None, (5, "f", null, null), (6, "g", null, null));

        // Deletes of the same commit apply too.
        await table.CommitAsync(12, "overwrite", third, await table.WriteDeletesAsync(None, (first.FilePath, 2), (third.FilePath, 1)));
        (await LakeReaders.IcebergAsync(table.MetadataFile)).Skip(1).Order().ShouldBe(["""[0,"a",null,null]""", """[4,"e",null,null]""", """[5,"f",null,null]"""]);
    }

    [Fact]
    public async Task An_independent_reader_reads_a_partitioned_table()
    {
        using var folder = new TemporaryFolder();
        var spec = new PartitionSpec(0,
        [
            PartitionField.Of(4, "day part", Transform.Day), PartitionField.Of(1, "id_bucket", Transform.Bucket(4)), PartitionField.Of(2, "name_truncate", Transform.Truncate(1)),
            PartitionField.Of(3, "amount_identity", Transform.Identity),
        ]);
        var table = new WrittenTable(folder.Path, spec);
        var rows = new (long Id, string? Name, double? Amount, int? Day)[] { (1, "one", 1, 17_000), (2, null, null, null), (3, "three", 3, -5) };
        List<DataFile> files = [];
        foreach (var row in rows)
        {
            files.Add(await table.WriteRowsAsync(table.Metadata.DefaultSpec.Apply(
                row.Day is { } day ? IcebergValue.Date(day) : IcebergValue.Null, IcebergValue.Long(row.Id),
                row.Name is null ? IcebergValue.Null : IcebergValue.String(row.Name), row.Amount is { } amount ? IcebergValue.Double(amount) : IcebergValue.Null), row));
        }

        await table.CommitAsync(10, "append", [.. files]);
        (await LakeReaders.IcebergAsync(table.MetadataFile)).Skip(1).Order().ShouldBe(new[]
        {
            """[1,"one","d:3ff0000000000000",17000]""", "[2,null,null,null]", """[3,"three","d:4008000000000000",-5]""",
        }.Order());
    }
}
