using System.Text;

namespace DataLake.Storage.Tests;

public sealed class LakeDirectoryTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly LakeDirectory lake;

    public LakeDirectoryTests() => lake = new LakeDirectory(folder.In("lake"));

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_file_has_its_name_when_it_is_published_and_not_before()
    {
        await using (var staged = lake.Create("raw/a/part-1-0.parquet"))
        {
            staged.LakePath.ShouldBe("raw/a/part-1-0.parquet");
            await staged.Stream.WriteAsync("PAR1"u8.ToArray());
            staged.Stream.Write("rest"u8);
            lake.Exists("raw/a/part-1-0.parquet").ShouldBeFalse();
            Names("*.parquet").ShouldBeEmpty();
            Names("*").ShouldHaveSingleItem().ShouldStartWith(".");
            using (var written = new StreamReader(staged.OpenWritten()))
            {
                (await written.ReadToEndAsync()).ShouldBe("PAR1rest");
            }

            await staged.PublishAsync(CancellationToken.None);
            lake.Exists("raw/a/part-1-0.parquet").ShouldBeTrue();
        }

        Names("*").ShouldBe(["part-1-0.parquet"]);
        using var reader = new StreamReader(lake.OpenRead("raw/a/part-1-0.parquet"));
        (await reader.ReadToEndAsync()).ShouldBe("PAR1rest");
    }

    [Fact]
    public async Task Readers_never_see_a_part_of_a_file()
    {
        var bytes = new byte[1 << 20];
        new Random(1).NextBytes(bytes);
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(() =>
        {
            var seen = 0;
            while (!stop.IsCancellationRequested)
            {
                var found = Directory.Exists(lake.Root) ? Directory.GetFiles(lake.Root, "*.parquet", SearchOption.AllDirectories) : [];
                found.ShouldAllBe(path => new FileInfo(path).Length == bytes.Length);
                seen = Math.Max(seen, found.Length);
            }

            return seen;
        });
        for (var i = 0; i < 20; i++)
        {
            await using var staged = lake.Create($"raw/{i}.parquet");
            for (var from = 0; from < bytes.Length; from += 1 << 18)
            {
                await staged.Stream.WriteAsync(bytes.AsMemory(from, 1 << 18));
            }

            await staged.PublishAsync(CancellationToken.None);
        }

        await stop.CancelAsync();
        await reading;
    }

    [Fact]
    public async Task A_file_that_is_not_published_leaves_nothing()
    {
        await using (var staged = lake.Create("raw/a.parquet"))
        {
            await staged.Stream.WriteAsync(new byte[100]);
            await Should.ThrowAsync<OperationCanceledException>(async () => await staged.PublishAsync(new CancellationToken(canceled: true)));
            await staged.DisposeAsync();
        }

        Names("*").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_whose_folder_was_removed_is_disposed_in_peace()
    {
        await using var staged = lake.Create("raw/a.parquet");
        Directory.Delete(lake.Resolve("raw"), recursive: true);
        (await Should.ThrowAsync<StorageException>(async () => await staged.PublishAsync(CancellationToken.None))).Kind.ShouldBe(StorageErrorKind.Missing);
    }

    [Fact]
    public async Task A_published_file_is_never_overwritten()
    {
        await PublishAsync("raw/a.parquet", "first");
        await using (var second = lake.Create("raw/a.parquet"))
        {
            await second.Stream.WriteAsync("second"u8.ToArray());
            var error = await Should.ThrowAsync<StorageException>(async () => await second.PublishAsync(CancellationToken.None));
            error.Kind.ShouldBe(StorageErrorKind.Exists);
            error.CanRetry.ShouldBeFalse();
        }

        (await File.ReadAllTextAsync(lake.Resolve("raw/a.parquet"))).ShouldBe("first");
        Names("*").ShouldBe(["a.parquet"]);
    }

    [Fact]
    public async Task Files_that_are_published_together_are_all_there_afterwards()
    {
        await using var taken = lake.Create("a/taken");
        await taken.PublishAsync(CancellationToken.None);
        await StagedFile.PublishTogetherAsync([], CancellationToken.None);
        var files = new[] { "a/one", "a/two", "b/three" }.Select(lake.Create).ToList();
        foreach (var file in files)
        {
            await file.Stream.WriteAsync(Encoding.UTF8.GetBytes(file.LakePath));
        }

        await StagedFile.PublishTogetherAsync(files, CancellationToken.None);
        foreach (var file in files)
        {
            await file.DisposeAsync();
            File.ReadAllText(lake.Resolve(file.LakePath)).ShouldBe(file.LakePath);
        }

        // Where one name is taken, what has no name yet goes with its disposal.
        await using (var four = lake.Create("a/four"))
        await using (var again = lake.Create("a/taken"))
        await using (var five = lake.Create("a/five"))
        {
            (await Should.ThrowAsync<StorageException>(() => StagedFile.PublishTogetherAsync([four, again, five], CancellationToken.None))).Kind.ShouldBe(StorageErrorKind.Exists);
        }

        Names("*").Order().ShouldBe(["four", "one", "taken", "three", "two"]);
    }

    [Fact]
    public async Task Of_many_that_publish_one_name_at_once_one_wins()
    {
        for (var round = 0; round < 20; round++)
        {
            var path = $"raw/{round}.parquet";
            using var start = new Barrier(4);
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(number => Task.Factory.StartNew(
                () =>
                {
                    var staged = lake.Create(path);
                    staged.Stream.Write(Encoding.UTF8.GetBytes($"{number}"));
                    start.SignalAndWait();
                    try
                    {
                        staged.PublishAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
                        return $"{number}";
                    }
                    catch (StorageException error) when (error.Kind == StorageErrorKind.Exists)
                    {
                        return null;
                    }
                    finally
                    {
                        staged.DisposeAsync().AsTask().GetAwaiter().GetResult();
                    }
                }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            outcomes.Where(outcome => outcome is not null).ShouldHaveSingleItem().ShouldBe(await File.ReadAllTextAsync(lake.Resolve(path)));
        }

        Names(".*").ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_can_be_written_to_a_published_file()
    {
        await using var staged = lake.Create("raw/a.parquet");
        await staged.PublishAsync(CancellationToken.None);
        Should.Throw<ObjectDisposedException>(() => staged.Stream.WriteByte(1));
        new FileInfo(lake.Resolve("raw/a.parquet")).Length.ShouldBe(0);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("raw/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("../lake-beside/x")]
    public void Paths_that_leave_the_lake_are_refused(string path)
    {
        Should.Throw<ArgumentException>(() => lake.Resolve(path));
        Should.Throw<ArgumentException>(() => lake.Create(path));
        Should.Throw<ArgumentException>(() => lake.OpenRead(path));
        Should.Throw<ArgumentException>(() => lake.Clean(path, _ => false));
        Directory.Exists(lake.Root).ShouldBeFalse();
    }

    [Fact]
    public async Task A_root_with_a_slash_at_its_end_is_the_same_lake()
    {
        await PublishAsync("raw/a.parquet", "x");
        var same = new LakeDirectory(lake.Root + "/");
        same.Root.ShouldBe(lake.Root);
        same.Exists("raw/a.parquet").ShouldBeTrue();
    }

    [Fact]
    public async Task Cleaning_removes_what_is_not_kept_and_nothing_else()
    {
        await PublishAsync("raw/run/part-1-0.parquet", "old");
        await PublishAsync("raw/run/part-2-0.parquet", "kept");
        await PublishAsync("raw/run/below/part-1-0.parquet", "below");
        await PublishAsync("raw/other/part-1-0.parquet", "other");
        var abandoned = lake.Create("raw/run/part-1-1.parquet");
        var asked = new List<string>();
        lake.Clean("raw/run", name =>
        {
            asked.Add(name);
            return name.StartsWith("part-2", StringComparison.Ordinal);
        }).ShouldBe(2);
        asked.Count.ShouldBe(3);
        Directory.GetFiles(lake.Resolve("raw/run")).Select(Path.GetFileName).ShouldBe(["part-2-0.parquet"]);
        lake.Exists("raw/run/below/part-1-0.parquet").ShouldBeTrue();
        lake.Exists("raw/other/part-1-0.parquet").ShouldBeTrue();
        lake.Clean("raw/gone", _ => false).ShouldBe(0);
        await abandoned.DisposeAsync();
    }

    [Fact]
    public void Cleaning_deletes_nothing_behind_a_symbolic_link()
    {
        Directory.CreateDirectory(folder.In("outside", "below"));
        File.WriteAllText(folder.In("outside", "precious"), "x");
        File.WriteAllText(folder.In("outside", "below", "precious"), "x");
        Directory.CreateDirectory(lake.Resolve("raw"));
        Directory.CreateSymbolicLink(lake.Resolve("raw/link"), folder.In("outside"));
        File.CreateSymbolicLink(lake.Resolve("raw/file"), folder.In("outside", "precious"));
        lake.Clean("raw/link", _ => false).ShouldBe(0);
        lake.Clean("raw/link/below", _ => false).ShouldBe(0);
        lake.Clean("raw", _ => false).ShouldBe(1); // the link itself
        File.Exists(folder.In("outside", "precious")).ShouldBeTrue();
        File.Exists(folder.In("outside", "below", "precious")).ShouldBeTrue();
    }

    [Fact]
    public void A_lake_whose_own_folder_is_a_link_is_cleaned()
    {
        Directory.CreateDirectory(folder.In("elsewhere", "raw"));
        File.WriteAllText(folder.In("elsewhere", "raw", "old"), "x");
        Directory.CreateSymbolicLink(folder.In("linked"), folder.In("elsewhere"));
        new LakeDirectory(folder.In("linked")).Clean("raw", _ => false).ShouldBe(1);
    }

    [Fact]
    public async Task A_folder_is_listed_with_its_folders_and_staged_files_and_without_what_lies_behind_links()
    {
        await PublishAsync("conformed/t/data/a", "xyz");
        await PublishAsync("conformed/t/b", "x");
        await PublishAsync("conformed/other", "x");
        Directory.CreateDirectory(folder.In("outside"));
        File.WriteAllText(folder.In("outside", "precious"), "x");
        Directory.CreateSymbolicLink(lake.Resolve("conformed/t/link"), folder.In("outside"));
        await using var staged = lake.Create("conformed/t/c");
        var files = lake.List("conformed/t").ToDictionary(file => file.Path);
        files.Keys.Select(Path.GetFileName).Where(name => !name!.EndsWith(".staged", StringComparison.Ordinal)).Order().ShouldBe(["a", "b"]);
        files.Count.ShouldBe(3);
        files["conformed/t/data/a"].Bytes.ShouldBe(3);
        files["conformed/t/data/a"].ModifiedAt.UtcDateTime.ShouldBe(File.GetLastWriteTimeUtc(lake.Resolve("conformed/t/data/a")));
        lake.List("conformed/t/link").ShouldBeEmpty();
        lake.List("conformed/nowhere").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_is_deleted_once()
    {
        await PublishAsync("conformed/t/a", "x");
        lake.Delete("conformed/t/a").ShouldBeTrue();
        lake.Delete("conformed/t/a").ShouldBeFalse();
        lake.Delete("conformed/nowhere/a").ShouldBeFalse();
        Should.Throw<ArgumentException>(() => lake.Delete("../a"));
    }

    [Fact]
    public void A_missing_file_is_told_with_its_path()
    {
        var error = Should.Throw<StorageException>(() => lake.OpenRead("raw/gone.parquet"));
        error.Kind.ShouldBe(StorageErrorKind.Missing);
        error.Message.ShouldContain("raw/gone.parquet");
        lake.Exists("raw/gone.parquet").ShouldBeFalse();
    }

    private async Task PublishAsync(string path, string text)
    {
        await using var staged = lake.Create(path);
        await staged.Stream.WriteAsync(Encoding.UTF8.GetBytes(text));
        await staged.PublishAsync(CancellationToken.None);
    }

    private string?[] Names(string pattern) => [.. Directory.GetFiles(lake.Root, pattern, SearchOption.AllDirectories).Select(Path.GetFileName).Order()];
}
