using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Planning;

namespace DataLake.Iceberg.Tests.Maintenance;

/// <summary>Which files are packed together, and how often a row is written anew in its life.</summary>
public sealed class FileGroupsTests
{
    private static readonly CompactionOptions Options = new() { TargetFileBytes = 1000, MinFiles = 4 };

    [Fact]
    public void Files_are_packed_up_to_the_target()
    {
        Sizes(Of(400, 400, 400, 400, 700, 200)).ShouldBe([[400, 400, 200], [400, 400]]);
        Sizes(Of(400, 400)).ShouldBe([[400, 400]]);
        Sizes(Of(100, 100, 100)).ShouldBeEmpty();
        Sizes(Of(100, 100, 100, 100)).ShouldBe([[100, 100, 100, 100]]);
    }

    [Fact]
    public void A_large_file_waits_until_the_small_ones_outweigh_it()
    {
        Sizes(Of(500, 20, 20, 20)).ShouldBeEmpty();
        Sizes(Of(500, 20, 20, 20, 20)).ShouldBe([[20, 20, 20, 20]]);
        Sizes(Of(50, 20, 20, 20)).ShouldBe([[50, 20, 20, 20]]);
    }

    [Fact]
    public void A_file_that_must_be_written_anew_takes_no_other_with_it_that_need_not()
    {
        Sizes(FileGroups.Of([File(500), File(20)], file => file.Data.DataFile.FileSizeInBytes == 20, Options)).ShouldBe([[20]]);
        Sizes(FileGroups.Of([File(9000)], _ => true, Options)).ShouldBe([[9000]]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_table_of_small_appends_keeps_few_small_files_and_writes_each_row_a_few_times(int seed)
    {
        var random = new Random(seed);
        var (files, appended, written) = (new List<long>(), 0L, 0L);
        for (var step = 0; step < 2000; step++)
        {
            files.Add(random.Next(1, 20));
            appended += files[^1];
            foreach (var group in Sizes(Of([.. files.Where(file => file < Options.SmallBytes)])))
            {
                group.Sum().ShouldBeLessThanOrEqualTo(Options.TargetFileBytes);
                foreach (var file in group) files.Remove(file);
                files.Add(group.Sum());
                written += group.Sum();
            }

            files.Sum().ShouldBe(appended);
            files.Count(file => file < Options.SmallBytes).ShouldBeLessThan(20, $"seed {seed}, step {step}");
        }

        // From 10 to 1,000 is seven times double; from four files to one it is less.
        (written / (double)appended).ShouldBeLessThan(7, $"seed {seed}");
    }

    private static IEnumerable<IReadOnlyList<ScanFile>> Of(params IEnumerable<long> sizes) => FileGroups.Of(sizes.Select(File), _ => false, Options);

    private static List<List<long>> Sizes(IEnumerable<IReadOnlyList<ScanFile>> groups) => [.. groups.Select(group => group.Select(file => file.Data.DataFile.FileSizeInBytes).ToList())];

    private static ScanFile File(long bytes) => new(ManifestEntry.Added(new DataFile { FilePath = "a", RecordCount = bytes, FileSizeInBytes = bytes }, 1), []);
}
