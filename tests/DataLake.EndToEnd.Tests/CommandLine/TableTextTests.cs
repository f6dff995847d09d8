using DataLake.Cli.Output;
using DataLake.Cli.Tables;
using DataLake.Contracts;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Ledger.Model;
using Shouldly;
using Spectre.Console;
using SortDirection = DataLake.Iceberg.Sorting.SortDirection;

namespace DataLake.EndToEnd.Tests.CommandLine;

public sealed class TableTextTests
{
    private static readonly Dictionary<string, PositionSet> NoVectors = [];

    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public void A_huge_table_is_told_in_a_bounded_text_that_fits_the_terminal(int width)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = width;
        new TableText(console).Write(Huge());
        var lines = text.ToString().Split('\n', StringSplitOptions.TrimEntries);
        lines.Length.ShouldBeLessThan(600);
        foreach (var line in lines.Where(line => line.StartsWith('│') || line.StartsWith('╭')))
        {
            line.Length.ShouldBeLessThanOrEqualTo(width);
        }

        text.ToString().ShouldContain("1,540 more columns");
        text.ToString().ShouldContain("9,800 more files");
        text.ToString().ShouldContain("490 more older");
        text.ToString().ShouldContain("10,003 lines: lake table operations.wide --as-of 4611686018427387904 --sql");
    }

    [Fact]
    public void Windows_that_leave_are_read_again_in_as_few_ranges_as_possible()
    {
        // A window without rows is in no snapshot, so that the schedule's ranges have gaps; a backfill stands alone, or is a part of them.
        List<Run> runs = [Run(RunKind.Incremental, 10, 11), Run(RunKind.Incremental, 13, 14), Run(RunKind.Backfill, 1, 3), Run(RunKind.Backfill, 3, 4), Run(RunKind.Backfill, 12, 13)];
        MissingWindows.Of([.. runs, Run(RunKind.Full, 0, 20)]).ShouldBe([WindowOf(1, 4), WindowOf(10, 14)]);
    }

    [Fact]
    public void How_far_a_snapshot_is_follows_from_the_newest_of_its_runs_that_is_no_backfill()
    {
        List<Run> runs = [Run(RunKind.Backfill, 1, 2), Run(RunKind.Incremental, 10, 11), Run(RunKind.Incremental, 9, 10)];
        List<Snapshot> history = [.. runs.Select((run, number) => SnapshotOf(number, run))];
        var moved = new Snapshot { SnapshotId = 99, TimestampMs = 0, Summary = new Dictionary<string, string> { ["operation"] = "replace" } };
        var progress = SnapshotProgress.Of([moved, .. history], runs.ToDictionary(run => run.Id));
        progress.ShouldBe(new SnapshotProgress(runs[0].Id.ToString(), Start.AddHours(11), "0/10"));

        // A ledger that does not know the runs leaves what the snapshot says of its window.
        SnapshotProgress.Of(history, new Dictionary<Guid, Run>()).CompleteTo.ShouldBe(Start.AddHours(2));
    }

    [Fact]
    public void A_snapshot_with_equality_deletes_of_a_partition_has_no_query_over_plain_files()
    {
        var schema = new Schema(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Long)));
        var plain = TableMetadataUpdates.Apply(null, TableMetadataUpdates.Creation(Guid.NewGuid(), "file:///lake/t", schema), new MetadataChange(1, null));
        var table = TableMetadataUpdates.Apply(plain, new TableLayout([new LayoutPartition("id", Transform.Bucket(2))], []).Updates("t", plain), new MetadataChange(2, null));
        var deletes = Entry(new DataFile { FilePath = "file:///lake/t/deletes.parquet", PartitionSpecId = 1, Content = DataFileContent.EqualityDeletes, EqualityIds = [1], RecordCount = 1, FileSizeInBytes = 1 });
        var data = Entry(new DataFile { FilePath = "file:///lake/t/data.parquet", RecordCount = 1, FileSizeInBytes = 1 });
        Should.Throw<Failure>(() => DuckDbQuery.Of(table, schema, [new ScanFile(data, [deletes])], NoVectors)).Message.ShouldContain("docs/catalogs.md");
        Should.Throw<Failure>(() => DuckDbQuery.Of(table, schema, [new ScanFile(data, [])], vectorRows: null)).Message.ShouldContain("more rows away than a query can name");
        DuckDbQuery.Of(table, schema, [new ScanFile(data, [])], NoVectors).ShouldContain("'/lake/t/data.parquet'");
        DuckDbQuery.Of(table, schema, [], NoVectors).ShouldBe("SELECT CAST(NULL AS BIGINT) AS \"id\" WHERE false;");
    }

    [Fact]
    public void A_layout_is_told_as_definitions_write_it()
    {
        var schema = new Schema(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Long), NestedField.Optional(2, "at", PrimitiveType.Timestamptz)));
        var plain = TableMetadataUpdates.Apply(null, TableMetadataUpdates.Creation(Guid.NewGuid(), "file:///lake/t", schema), new MetadataChange(1, null));
        (LayoutText.Partitions(plain).Count, LayoutText.Sorts(plain).Count).ShouldBe((0, 0));
        var layout = new TableLayout(
            [new("at", Transform.Day), new("id", Transform.Bucket(16)), new("id", Transform.Truncate(4)), new("id", Transform.Identity)],
            [new("id", SortDirection.Ascending, NullOrder.NullsFirst), new("at", SortDirection.Descending, NullOrder.NullsFirst), new("at", SortDirection.Ascending, NullOrder.NullsLast), new("id", SortDirection.Descending, NullOrder.NullsLast)]);
        var table = TableMetadataUpdates.Apply(plain, layout.Updates("t", plain), new MetadataChange(2, null));
        LayoutText.Partitions(table).ShouldBe(["day(at)", "bucket(16, id)", "truncate(4, id)", "id"]);
        LayoutText.Sorts(table).ShouldBe(["id", "at desc nulls first", "at nulls last", "id desc"]);
    }

    private static ManifestEntry Entry(DataFile file) => new() { Status = ManifestEntryStatus.Added, DataFile = file };

    private static Window WindowOf(int from, int to) => new(Start.AddHours(from), Start.AddHours(to));

    private static Run Run(RunKind kind, int from, int to) => new()
    {
        Id = Guid.NewGuid(), Pipeline = "operations", Table = "public.shipments", Kind = kind, WindowFrom = Start.AddHours(from), WindowTo = Start.AddHours(to),
    };

    private static Snapshot SnapshotOf(int number, Run run) => new()
    {
        SnapshotId = number,
        TimestampMs = number,
        Summary = new Dictionary<string, string>
        {
            ["operation"] = "append", ["datalake.run-ids"] = run.Id.ToString(), ["datalake.source-lsn"] = $"0/1{number}",
            ["datalake.window-from"] = run.WindowFrom.ToString("O"), ["datalake.window-to"] = run.WindowTo.ToString("O"),
        },
    };

    private static TableReport Huge()
    {
        var snapshot = new SnapshotReport(
            $"{1L << 62}", Start, "overwrite", 1_234_567, 7, 10_000_000_000, 10_000, 1L << 40, WindowOf(1, 2), [$"{Guid.NewGuid()}"], "0/1", null, ["main", "end-of-march"], InMain: true);
        return new TableReport
        {
            Table = "operations.wide",
            Pipeline = "operations",
            SourceTable = "public.wide",
            Location = "file:///lake/conformed/operations/wide",
            MetadataFile = "file:///lake/conformed/operations/wide/metadata/00001.metadata.json",
            Progress = new SnapshotProgress(null, Start, null),
            Snapshot = snapshot,
            AsOf = "end-of-march",
            Columns = [.. Enumerable.Range(1, 1_600).Select(id => new ColumnReport(id, $"a_rather_long_name_of_a_column_{id}", "decimal(38, 10)", id == 1, id == 1))],
            Snapshots = [.. Enumerable.Repeat(snapshot, 10)],
            MoreSnapshots = 490,
            References = [],
            Partitions = [.. Enumerable.Range(0, 5_000).Select(day => new PartitionReport($"day={Start.AddDays(day):yyyy-MM-dd}", 2, 1_000, 1_000_000))],
            Files = [.. Enumerable.Range(0, 10_000).Select(number => new FileReport($"file:///lake/raw/operations/public.wide/part-{number}.parquet", 1_000, 1_000_000, 1, null))],
            Query = string.Join('\n', Enumerable.Repeat("line", 10_003)),
        };
    }
}
