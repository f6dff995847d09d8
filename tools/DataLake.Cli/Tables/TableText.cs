using System.Globalization;
using DataLake.Iceberg.Metadata;
using Spectre.Console;

namespace DataLake.Cli.Tables;

/// <summary>Tables of the lake as text: bounded however many files, columns and snapshots there are, and readable in a narrow terminal.</summary>
internal sealed class TableText(IAnsiConsole console)
{
    private const int MostColumns = 60;

    private const int MostFiles = 200;

    private const int MostPartitions = 30;

    private const int MostQueryLines = 60;

    // Below it windows and runs do not fit beside the rest.
    private const int WideWidth = 150;

    private const int NarrowWidth = 100;

    public void Write(TableReport report)
    {
        WriteFacts(report);
        WriteReferences(report.References);
        if (report.Health is { } health)
        {
            WriteHealth(health);
        }

        WriteColumns(report);
        WriteSnapshots(report.AsOf is null ? "Snapshots, newest first" : "The snapshot and those it came from", report.Snapshots, report.MoreSnapshots);
        WritePartitions(report.Partitions);
        if (report.Files is { } files)
        {
            WriteFiles(files);
        }

        WriteReading(report);
    }

    /// <summary>Snapshots with what each did.</summary>
    public void WriteSnapshots(string title, IReadOnlyList<SnapshotReport> snapshots, int more)
    {
        if (snapshots.Count == 0)
        {
            return;
        }

        var isWide = console.Profile.Width >= WideWidth;
        var isNarrow = console.Profile.Width < NarrowWidth;
        Line($"\n{title}");
        var view = View("Snapshot", "Made (UTC)");
        view.Columns[0].NoWrap();
        Add(!isNarrow, "Operation");
        view.AddColumn(Right("Added")).AddColumn(Right("Deleted")).AddColumn(Right("Rows"));
        Add(isWide, "Window");
        Add(isWide, "Runs");
        Add(true, "Name");
        foreach (var snapshot in snapshots)
        {
            List<string> cells = [snapshot.Id, Time(snapshot.At)];
            AddCell(!isNarrow, snapshot.Operation ?? "");
            cells.AddRange([Number(snapshot.AddedRows), Number(snapshot.DeletedRows), snapshot.Rows is { } rows ? Number(rows) : "?"]);
            AddCell(isWide, snapshot.Window?.ToString() ?? "");
            AddCell(isWide, snapshot.Runs.Count switch { 0 => "", 1 => snapshot.Runs[0][^Math.Min(12, snapshot.Runs[0].Length)..], var count => $"{count} runs" });
            AddCell(true, string.Join(isNarrow ? "\n" : ", ", snapshot.InMain ? snapshot.Names : [.. snapshot.Names, "not in main"]));
            view.AddRow([.. cells]);

            void AddCell(bool isShown, string text)
            {
                if (isShown)
                {
                    cells.Add(Markup.Escape(text));
                }
            }
        }

        console.Write(view);
        More(more, "older: --snapshots says how many are shown");

        void Add(bool isShown, string name)
        {
            if (isShown)
            {
                view.AddColumn(name);
            }
        }
    }

    /// <summary>A line as it is, however long: what people copy is not broken.</summary>
    public void Line(string text = "") => console.Profile.Out.Writer.WriteLine(text);

    /// <summary>A name and its value.</summary>
    public void Fact(string name, string? value)
    {
        if (value is not null)
        {
            Line($"{name,-11} {value}");
        }
    }

    /// <summary>Bytes as people read them.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        >= 1_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
    };

    /// <summary>A number with its thousands.</summary>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A time to the millisecond, as snapshots have it: copied, it finds the snapshot again.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>What a snapshot is complete to.</summary>
    public static string End(SnapshotProgress progress) => progress.CompleteTo?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture) ?? "not known";

    /// <summary>A number of things.</summary>
    public static string Count(long number, string one) => $"{Number(number)} {one}{(number == 1 ? "" : "s")}";

    private void WriteFacts(TableReport report)
    {
        Fact("Table", report.Table);
        Fact("Filled from", report.SourceTable is null ? null : $"{report.SourceTable} by the pipeline {report.Pipeline}");
        Fact("Complete to", End(report.Progress) + (report.Missing.Count == 0 ? "" : "; a rollback took out, and nothing has read again:"));
        foreach (var window in report.Missing)
        {
            Fact("", window.ToString());
        }

        Fact("Last run", report.Progress.RunId);
        Fact("Source LSN", report.Progress.SourceLsn);
        Fact("Location", report.Location);
        Fact("Partitioned", report.PartitionedBy.Count == 0 ? null : $"by {string.Join(", ", report.PartitionedBy)}");
        Fact("Sorted", report.SortedBy.Count == 0 ? null : $"by {string.Join(", ", report.SortedBy)}");
        Fact("Metadata", $"{report.MetadataFile} (Iceberg version {report.FormatVersion})");
        if (report.Snapshot is not { } snapshot)
        {
            Fact("Snapshot", "none: it never had rows");
            return;
        }

        Fact("Snapshot", $"{snapshot.Id}, made {Time(snapshot.At)} ({snapshot.Operation}){(report.AsOf is null ? "" : $", as of '{report.AsOf}'")}{(snapshot.InMain ? "" : ", which the table does not come from")}");
        Fact("Rows", $"{(report.DeletedKeys == 0 ? "" : "at most ")}{Number(report.Rows)} in {Count(report.DataFiles, "file")}, {Bytes(report.Bytes)}"
            + (report.DeleteFiles == 0 ? "" : $"; {Count(report.DeletedRows, "deleted row")}{(report.DeletedKeys == 0 ? "" : $" and {Count(report.DeletedKeys, "deleted key")}")}, in {Count(report.DeleteFiles, "delete file")}"));
    }

    private void WriteColumns(TableReport report)
    {
        Line("\nSchema");
        var view = View("Id", "Column", "Type", "Required", "Key");
        foreach (var column in report.Columns.Take(MostColumns))
        {
            view.AddRow($"{column.Id}", Markup.Escape(column.Name), Markup.Escape(column.Type), column.Required ? "yes" : "", column.Key ? "yes" : "");
        }

        console.Write(view);
        More(report.Columns.Count - MostColumns, "columns: --json has all");
    }

    private void WriteReferences(IReadOnlyList<ReferenceReport> references)
    {
        foreach (var reference in references.Where(reference => reference.Name != SnapshotReference.Main))
        {
            Fact(reference.Type == SnapshotReferenceType.Tag ? "Tag" : "Branch",
                $"{reference.Name} at {reference.Snapshot}{(reference.At is { } at ? $" of {Time(at)}" : "")}, {(reference.Until is { } until ? $"until {Time(until)}" : "until it is dropped")}");
        }
    }

    private void WritePartitions(IReadOnlyList<PartitionReport> partitions)
    {
        if (partitions.Count == 0)
        {
            return;
        }

        Line("\nPartitions");
        var view = View("Partition").AddColumn(Right("Files")).AddColumn(Right("Rows")).AddColumn(Right("Size"));
        foreach (var partition in partitions.TakeLast(MostPartitions))
        {
            view.AddRow(Markup.Escape(partition.Path), Number(partition.Files), Number(partition.Rows), Bytes(partition.Bytes));
        }

        console.Write(view);
        More(partitions.Count - MostPartitions, "partitions before these: --json has all");
    }

    private void WriteHealth(HealthReport health)
    {
        var figures = health.Figures;
        Fact("Health", $"{Count(figures.DataFiles, "data file")}, {Number(figures.SmallFiles)} of them small{(figures.FilesToLayOut == 0 ? "" : $", {Number(figures.FilesToLayOut)} not divided or sorted yet")}; {Count(figures.PositionDeleteFiles + figures.EqualityDeleteFiles, "delete file")}; {Count(figures.Manifests, "manifest")}; "
            + $"{Count(figures.Snapshots, "snapshot")}{(figures.OldestSnapshot is { } oldest ? $" since {Time(oldest)}" : "")}; {Count(figures.MetadataFiles, "metadata file")}, {Bytes(figures.MetadataBytes)}");
        foreach (var need in health.Due)
        {
            Fact("Due", $"{need.Operation}: {need.Reason}");
        }

        foreach (var done in health.Done)
        {
            Fact("Done", $"{Time(done.StartedAt)} {done.Operation}: {(done.Error is { } error ? $"failed: {error}" : done.Result ?? (done.EndedAt is null ? "under way" : "done"))}");
        }
    }

    private void WriteFiles(IReadOnlyList<FileReport> files)
    {
        Line();
        Line($"{"Rows",14} {"Size",10} {"Deletes",8}  Data file");
        foreach (var file in files.Take(MostFiles))
        {
            Line($"{Number(file.Rows),14} {Bytes(file.Bytes),10} {Number(file.DeleteFiles),8}  {file.Location}");
        }

        More(files.Count - MostFiles, "files: --json has all");
    }

    private void WriteReading(TableReport report)
    {
        Line();
        if (report.Query is { } query)
        {
            var lines = query.Split('\n');
            Line(lines.Length <= MostQueryLines
                ? $"-- This snapshot in DuckDB, or any program that has it:\n{query}"
                : $"A query that reads this snapshot in DuckDB has {Number(lines.Length)} lines: lake table {report.Table} --as-of {report.Snapshot!.Id} --sql > snapshot.sql");
            return;
        }

        Line(report.NoQuery ?? $"Read it:    lake table {report.Table} --sql | duckdb");
        Line("            as a table, in DuckDB, Spark, Trino and PyIceberg: start the system with DataLake__CatalogUpdater__Rest__Port=8181, and see docs/catalogs.md");
    }

    private void More(int count, string what)
    {
        if (count > 0)
        {
            Line($"... and {Number(count)} more {what}");
        }
    }

    private static Table View(params string[] columns) => new Table().Border(TableBorder.Rounded).AddColumns(columns);

    private static TableColumn Right(string name) => new TableColumn(name).RightAligned();
}
