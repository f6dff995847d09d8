using DataLake.Benchmarks.Measuring;
using DataLake.Benchmarks.Reporting;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;

namespace DataLake.Benchmarks.Tables;

/// <summary>Upserts into a large table: ours beside a rewriting of the table by DuckDB, in turn, and the rows of both compared.</summary>
internal sealed class UpsertContest(TableLake lake, TableProcesses processes, BenchmarkReport report, CancellationToken cancellation)
{
    private const long RowsOfFile = 1_000_000;
    private const double MostShare = 0.35;
    private const double Mebibyte = 1 << 20;

    /// <summary>Runs it.</summary>
    /// <returns>Whether the target is met and the rows are the same.</returns>
    public async Task<bool> RunAsync(long rows, long keys, int repeat)
    {
        var data = new List<DataFile>();
        for (var first = 0L; first < rows; first += RowsOfFile)
        {
            report.Doing($"writes the table's files: {first:N0} of {rows:N0} rows");
            data.Add(await OrderRows.WriteAsync(lake.Files, lake.Files.LocationOf($"raw/orders/part-{data.Count:D3}.parquet"), Ids(first, Math.Min(RowsOfFile, rows - first)), 0, cancellation));
        }

        report.Note(
            $"Upserts into a table of {rows:N0} rows and 12 columns in {data.Count} files ({data.Sum(file => file.FileSizeInBytes) / 1e6:N0} MB), nine in ten of the keys there already; "
            + $"medians of {repeat}, in turn. DataLake: table loaded, upsert planned, delete files on disk, commit in the catalog, in a process that did one upsert before. DuckDB: COPY of the table "
            + "without the keys and with the new rows to one file, which is not put on disk; its program's start is not counted. The new rows' file is there already; DuckDB writes its rows again.");
        var table = report.Table("upsert",
            new("keys", "new rows", "N0"), new("spread", "keys"), new("replaced", "rows replaced", "N0"), new("seconds", "DataLake s", "0.00"), new("duckdb_seconds", "DuckDB s", "0.00"),
            new("share", "share", "0.00"),
            new("target", "target"), new("cpu_seconds", "DataLake CPU s", "0.00"), new("duckdb_cpu_seconds", "DuckDB CPU s", "0.00"),
            new("new_mb", "new rows' MB", "0.00"), new("written_mb", "MB DataLake wrote", "0.00"), new("duckdb_mb", "MB DuckDB wrote", "0.00"), new("peak_mib", "peak MiB", "0"),
            new("duckdb_peak_mib", "DuckDB peak MiB", "0"), new("rows", "rows of both"));
        var isGood = true;
        foreach (var (count, isRecent) in ((long, bool)[])[(keys, false), (keys, true), (Math.Max(1, keys / 10), false), (Math.Max(1, keys / 100), false)])
        {
            var location = lake.Files.LocationOf($"raw/orders-new/{count}-{(isRecent ? "recent" : "spread")}.parquet");
            var added = await OrderRows.WriteAsync(lake.Files, location, Keys(rows, count, isRecent), 1, cancellation);
            isGood &= await CompeteAsync(table, data, added, isRecent ? "recent" : "spread", repeat);
        }

        return isGood;
    }

    private async Task<bool> CompeteAsync(ResultTable table, List<DataFile> data, DataFile added, string spread, int repeat)
    {
        var (ours, theirs) = (new List<WorkerReport>(), new List<(double Seconds, double CpuSeconds, long PeakBytes)>());
        var paths = data.ConvertAll(file => PathOf(file.FilePath));
        var output = PathOf(added.FilePath) + ".duckdb";
        var name = "";
        for (var round = 0; round < repeat; round++)
        {
            report.Doing($"upserts {added.RecordCount:N0} {spread} keys, round {round + 1} of {repeat}");
            name = $"upsert_{added.RecordCount}_{spread}_{round}";
            await MakeAsync($"{name}_before", data.GetRange(0, 1));
            await MakeAsync(name, data);
            ours.Add(await processes.WorkerAsync(name, 1, $"upsert {name}_before '{added.FilePath}'"));
            File.Delete(output);
            theirs.Add(await processes.RewriteAsync(paths, PathOf(added.FilePath), output));
        }

        report.Doing($"compares the rows of {added.RecordCount:N0} {spread} keys");
        var verdict = await processes.CompareAsync([.. paths, PathOf(added.FilePath)], await DeletesAsync(name), output);
        var share = Median(ours.ConvertAll(one => one.Seconds)) / Median(theirs.ConvertAll(one => one.Seconds));
        table.Add(
            added.RecordCount, spread, ours[^1].Rows, Median(ours.ConvertAll(one => one.Seconds)), Median(theirs.ConvertAll(one => one.Seconds)), share, MostShare,
            Median(ours.ConvertAll(one => one.StepCpuSeconds)), Median(theirs.ConvertAll(one => one.CpuSeconds)), added.FileSizeInBytes / 1e6, ours[^1].OutputBytes / 1e6,
            new FileInfo(output).Length / 1e6, ours.Max(one => one.PeakBytes) / Mebibyte, theirs.Max(one => one.PeakBytes) / Mebibyte, verdict);
        File.Delete(output);
        return share <= MostShare && verdict == "equal";
    }

    private async Task MakeAsync(string name, IReadOnlyList<DataFile> files)
    {
        await lake.CreateAsync(name, cancellation);
        await lake.Commits.CommitAsync(TableLake.Named(name), TableChange.Append(files), cancellation);
    }

    private async Task<IReadOnlyList<string>> DeletesAsync(string name)
    {
        var metadata = (await lake.LoadAsync(name, cancellation)).Metadata;
        var files = await new ScanPlanner(lake.Files).PlanAsync(metadata, metadata.CurrentSnapshot, cancellation: cancellation).ToListAsync(cancellation);
        return [.. files.SelectMany(file => file.Deletes).Select(delete => PathOf(delete.DataFile.FilePath)).Distinct()];
    }

    private static string PathOf(string location) => location["file://".Length..];

    private static IEnumerable<long> Ids(long first, long count)
    {
        for (var i = 0L; i < count; i++) yield return first + i;
    }

    /// <summary>Keys in no order, as rows that changed come; one in ten is new to the table. Recent ones are among its last rows.</summary>
    private static IEnumerable<long> Keys(long rows, long count, bool isRecent)
    {
        var (fresh, range) = (count / 10, isRecent ? Math.Min(rows, count * 5) : rows);
        var changed = count - fresh;
        var random = new Random(1);
        var ids = new long[count];
        for (var i = 0L; i < changed; i++) ids[i] = rows - range + random.NextInt64(i * range / changed, (i + 1) * range / changed);
        for (var i = 0L; i < fresh; i++) ids[changed + i] = rows + i;
        random.Shuffle(ids);
        return ids;
    }

    private static double Median(List<double> figures)
    {
        figures.Sort();
        return figures[figures.Count / 2];
    }
}
