namespace DataLake.Storage.Tests;

/// <summary>What is put on disk of the folders above a new file.</summary>
public sealed class DurableFoldersTests : IDisposable
{
    private readonly TemporaryFolder temporary = new();
    private readonly List<string> flushed = [];
    private readonly DurableFolders folders;

    public DurableFoldersTests() => folders = new DurableFolders(flushed.Add);

    [Fact]
    public void A_file_s_name_is_put_on_disk_every_time_and_its_folder_s_once()
    {
        var (parent, folder) = Make();
        var births = new HashSet<DateTime>();
        foreach (var file in new[] { "a", "b" })
        {
            File.WriteAllText(Path.Combine(folder, file), file);
            folders.Flush(Path.Combine(folder, file), folder, isNew: true);
            folders.Flush(folder, parent, isNew: false);
            births.Add(PosixFile.BornAt(folder));
        }

        flushed.Count(path => path == folder).ShouldBe(2);

        // Where the file system does not know when a folder was born, its name goes to disk more often than need be, never less.
        flushed.Count(path => path == parent).ShouldBe(births.Count);
    }

    [Fact]
    public void A_folder_that_was_removed_and_made_again_is_put_on_disk_again()
    {
        var (parent, folder) = Make();
        folders.Flush(folder, parent, isNew: false);
        var born = PosixFile.BornAt(folder);
        do
        {
            Directory.Delete(folder);
            Directory.CreateDirectory(folder);
        }
        while (PosixFile.BornAt(folder) == born); // The system's clock ticks every few milliseconds.

        folders.Flush(folder, parent, isNew: false);
        flushed.ShouldBe([parent, parent]);
    }

    [Fact]
    public void A_folder_that_could_not_be_put_on_disk_is_not_taken_for_durable()
    {
        var (parent, folder) = Make();
        var calls = 0;
        var refusing = new DurableFolders(_ =>
        {
            if (++calls == 1)
            {
                throw new IOException("No space left on device");
            }
        });
        Should.Throw<IOException>(() => refusing.Flush(folder, parent, isNew: false));
        refusing.Flush(folder, parent, isNew: false);
        calls.ShouldBe(2);
    }

    public void Dispose() => temporary.Dispose();

    private (string Parent, string Folder) Make()
    {
        var folder = temporary.In("lake/raw");
        Directory.CreateDirectory(folder);
        return (Path.GetDirectoryName(folder)!, folder);
    }
}
