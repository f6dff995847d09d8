using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Tests.Metadata;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Storage;
using DataLake.Testing;

namespace DataLake.Iceberg.Tests.Catalogs;

public sealed class MetadataFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly TableFiles files;

    public MetadataFilesTests() => files = new TableFiles(new LakeDirectory(folder.Path));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_that_was_written_or_read_is_not_read_again_and_one_that_was_removed_is_forgotten()
    {
        var (writer, reader) = (new MetadataFiles(files), new MetadataFiles(files));
        var table = Table("a");
        var location = await writer.WriteAsync(table, null, Cancellation);
        var read = await reader.ReadAsync(location, Cancellation);
        files.Delete(location);
        (await writer.ReadAsync(location, Cancellation)).ShouldBeSameAs(table);
        (await reader.ReadAsync(location, Cancellation)).ShouldBeSameAs(read);
        TableCases.JsonOf(read).ShouldBe(TableCases.JsonOf(table));

        writer.Delete(location);
        (await Should.ThrowAsync<IcebergException>(() => writer.ReadAsync(location, Cancellation))).Kind.ShouldBe(IcebergErrorKind.NotFound);
    }

    [Fact]
    public void Of_the_files_that_were_used_as_many_are_remembered_as_there_is_room_for()
    {
        var recent = new RecentMetadata(mostBytes: 100);
        var (a, b, c) = (Table("a"), Table("b"), Table("c"));
        recent.Put("a", a, 40);
        recent.Put("b", b, 40);
        recent.TryGet("a", out _).ShouldBeTrue();
        recent.Put("c", c, 30);
        recent.TryGet("b", out _).ShouldBeFalse();
        recent.TryGet("a", out var found).ShouldBeTrue();
        found.ShouldBeSameAs(a);

        // One that is there already takes its room once, and one that is too large takes none.
        recent.Put("a", b, 70);
        recent.TryGet("c", out found).ShouldBeTrue();
        found.ShouldBeSameAs(c);
        recent.Put("d", a, 101);
        recent.TryGet("d", out _).ShouldBeFalse();
        recent.TryGet("a", out found).ShouldBeTrue();
        found.ShouldBeSameAs(b);
        recent.Put("b", b, 100);
        new[] { "a", "b", "c" }.Where(location => recent.TryGet(location, out _)).ShouldBe(["b"]);
    }

    public void Dispose() => folder.Dispose();

    private TableMetadata Table(string name) => TableMetadataUpdates.Apply(
        null, TableMetadataUpdates.Creation(Guid.NewGuid(), files.LocationOf(name), new Schema(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Long)))), new MetadataChange(1, null));
}
