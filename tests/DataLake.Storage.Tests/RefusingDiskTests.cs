namespace DataLake.Storage.Tests;

public sealed class RefusingDiskTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_disk_that_fills_while_writing_is_full(bool asynchronous)
    {
        using var disk = SmallDisk.Mount("size=256k");
        var lake = new LakeDirectory(disk.Path);
        await using (var staged = lake.Create("raw/large.parquet"))
        {
            var error = await Should.ThrowAsync<StorageException>(async () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    if (asynchronous)
                    {
                        await staged.Stream.WriteAsync(new byte[16_384]);
                    }
                    else
                    {
                        staged.Stream.Write(new byte[16_384]);
                    }
                }
            });
            error.Kind.ShouldBe(StorageErrorKind.Full);
            error.CanRetry.ShouldBeTrue();
            error.Message.ShouldContain("Free some space");
        }

        Directory.GetFiles(disk.Path, "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_disk_that_has_no_room_for_the_name_is_full()
    {
        // On tmpfs a second name takes an inode of its own.
        using var disk = SmallDisk.Mount("size=1m,nr_inodes=8");
        var lake = new LakeDirectory(disk.Path);
        await using (var staged = lake.Create("raw/a.parquet"))
        {
            await staged.Stream.WriteAsync(new byte[100]);
            var fillers = 0;
            Should.Throw<IOException>(() =>
            {
                while (fillers < 100)
                {
                    File.WriteAllText(Path.Combine(disk.Path, $"filler-{fillers++}"), "");
                }
            });
            (await Should.ThrowAsync<StorageException>(async () => await staged.PublishAsync(CancellationToken.None))).Kind.ShouldBe(StorageErrorKind.Full);
            Should.Throw<StorageException>(() => lake.Create("raw/b.parquet")).Kind.ShouldBe(StorageErrorKind.Full);
            lake.Exists("raw/a.parquet").ShouldBeFalse();
        }

        Directory.GetFiles(Path.Combine(disk.Path, "raw")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_disk_that_cannot_be_written_is_denied()
    {
        using var disk = SmallDisk.Mount("size=1m");
        var lake = new LakeDirectory(disk.Path);
        Directory.CreateDirectory(lake.Resolve("raw"));
        await File.WriteAllTextAsync(lake.Resolve("raw/old"), "x");
        disk.Remount("ro");
        var error = Should.Throw<StorageException>(() => lake.Create("raw/a.parquet"));
        error.Kind.ShouldBe(StorageErrorKind.Denied);
        error.CanRetry.ShouldBeFalse();
        error.Message.ShouldContain(lake.Root);
        Should.Throw<StorageException>(() => lake.Clean("raw", _ => false)).Kind.ShouldBe(StorageErrorKind.Denied);
    }

    [Fact]
    public void A_folder_of_another_user_is_denied()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "Not as root: root may write in every folder.");
        using var folder = new TemporaryFolder();
        File.SetUnixFileMode(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            Should.Throw<StorageException>(() => new LakeDirectory(folder.Path).Create("a.parquet")).Kind.ShouldBe(StorageErrorKind.Denied);
        }
        finally
        {
            File.SetUnixFileMode(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
