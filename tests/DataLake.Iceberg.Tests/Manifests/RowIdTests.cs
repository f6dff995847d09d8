using DataLake.Iceberg.Manifests;

namespace DataLake.Iceberg.Tests.Manifests;

/// <summary>Row ids in manifests and manifest lists (<see href="https://iceberg.apache.org/spec/#row-lineage">Row Lineage</see>), with the figures of the specification's example.</summary>
public sealed class RowIdTests
{
    private static readonly ManifestFile Listed = new() { ManifestPath = "m", ManifestLength = 1, PartitionSpecId = 1, AddedSnapshotId = ManifestCases.SnapshotId, SequenceNumber = 9, MinSequenceNumber = 9, DeletedFilesCount = 0, DeletedRowsCount = 0 };

    [Fact]
    public async Task A_manifest_list_gives_new_data_manifests_ids_from_the_next_row_id_on()
    {
        ManifestFile[] manifests =
        [
            Manifest("existing", 75, 0) with { FirstRowId = 925 }, Manifest("added1", 100, 25), Manifest("deletes", 100, 100) with { Content = ManifestContent.Deletes }, Manifest("added2", 0, 100), Manifest("added3", 125, 25),
        ];
        var output = new MemoryStream();
        var (written, assigned) = await ManifestListWriter.WriteAsync(output, manifests, ManifestCases.SnapshotId, null, 10, 1000);
        assigned.ShouldBe(375);
        written.Select(manifest => (manifest.ManifestPath, manifest.FirstRowId)).ShouldBe([("existing", 925), ("added1", 1000), ("deletes", null), ("added2", 1125), ("added3", 1225)]);
        var read = await ManifestTests.ListAsync(manifests, ManifestCases.SnapshotId, 10, 1000);
        read.Select(manifest => manifest.FirstRowId).ShouldBe([925, 1000, null, 1125, 1225]);

        // A list of version 2 knows nothing of it.
        (await ManifestTests.ListAsync(manifests, ManifestCases.SnapshotId, 10)).ShouldAllBe(manifest => manifest.FirstRowId == null);
        (await Should.ThrowAsync<IcebergException>(() => ManifestTests.ListAsync(manifests, ManifestCases.SnapshotId, 10, long.MaxValue - 300))).Message.ShouldContain("ids above");

        static ManifestFile Manifest(string path, long added, long existing) => Listed with { ManifestPath = path, AddedFilesCount = 1, ExistingFilesCount = 1, AddedRowsCount = added, ExistingRowsCount = existing };
    }

    [Fact]
    public async Task Data_files_without_a_first_row_id_inherit_one_after_another()
    {
        ManifestEntry[] entries =
        [
            Old("data1", 25, 800).AsExisting(), ManifestEntry.Added(File("data2", 50), 1), Old("gone", 1000, null).AsDeleted(1), ManifestEntry.Added(File("data3", 50) with { FirstRowId = 7 }, 1), Old("before the upgrade", 3, null).AsExisting(),
        ];
        var (bytes, manifest) = await ManifestTests.WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data, entries, version: 3);
        var read = await ManifestTests.EntriesAsync(bytes, manifest with { SequenceNumber = 9, FirstRowId = 1000 });
        read.Select(entry => entry.DataFile.FirstRowId).ShouldBe([800, 1000, null, 1050, 1100]);

        // Before the first snapshot of version 3 there are none to inherit.
        (await ManifestTests.EntriesAsync(bytes, manifest with { SequenceNumber = 9 })).Select(entry => entry.DataFile.FirstRowId).ShouldBe([800, null, null, null, null]);
        (await Should.ThrowAsync<IcebergException>(() => ManifestTests.EntriesAsync(bytes, manifest with { SequenceNumber = 9, FirstRowId = long.MaxValue - 10 }))).Message.ShouldContain("ids above");
    }

    [Fact]
    public async Task A_manifest_has_what_its_version_has()
    {
        var vector = File("v.puffin", 5) with { Content = DataFileContent.PositionDeletes, FileFormat = FileFormat.Puffin, ReferencedDataFile = "s3://lake/a.parquet", ContentOffset = 4, ContentSizeInBytes = 50 };
        await Refused(vector, 2, ManifestContent.Deletes, "version 2 does not have");
        await Refused(vector with { ContentSizeInBytes = null }, 3, ManifestContent.Deletes, "lacks its data file, offset or size");
        await Refused(vector with { ReferencedDataFile = null }, 3, ManifestContent.Deletes, "lacks its data file, offset or size");
        await Refused(vector with { Content = DataFileContent.EqualityDeletes, EqualityIds = [1] }, 3, ManifestContent.Deletes, "only deletion vectors");
        await Refused(vector with { FileFormat = FileFormat.Parquet }, 3, ManifestContent.Deletes, "content offset");
        await Refused(File("p", 5) with { Content = DataFileContent.PositionDeletes }, 3, ManifestContent.Deletes, "write deletion vectors");

        // A position delete file from before the upgrade stays what it is.
        var old = Old("p", 5, null);
        ManifestEntry[] entries = [ManifestEntry.Added(vector, 1), old with { Status = ManifestEntryStatus.Existing, DataFile = old.DataFile with { Content = DataFileContent.PositionDeletes } }];
        var (bytes, manifest) = await ManifestTests.WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Deletes, entries, version: 3);
        var read = await ManifestTests.EntriesAsync(bytes, manifest with { SequenceNumber = 9, FirstRowId = 1000 });
        ManifestCases.Text(read[0].DataFile).ShouldBe(ManifestCases.Text(vector));
        (read[0].DataFile.ContentOffset, read[0].DataFile.ContentSizeInBytes, read[0].DataFile.OwnBytes, read[1].DataFile.OwnBytes).ShouldBe((4, 50, 50, 100));
        read.ShouldAllBe(entry => entry.DataFile.FirstRowId == null);

        static async Task Refused(DataFile file, int version, ManifestContent content, string why)
        {
            var error = await Should.ThrowAsync<IcebergException>(() => ManifestTests.WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, content, [ManifestEntry.Added(file, 1)], version));
            error.Kind.ShouldBe(IcebergErrorKind.Invalid);
            error.Message.ShouldContain(why);
        }
    }

    private static DataFile File(string name, long rows) => ManifestTests.Simple(name, "eu") with { RecordCount = rows };

    private static ManifestEntry Old(string name, long rows, long? firstRowId) =>
        new() { Status = ManifestEntryStatus.Existing, SnapshotId = 5, SequenceNumber = 3, FileSequenceNumber = 3, DataFile = File(name, rows) with { FirstRowId = firstRowId } };
}
