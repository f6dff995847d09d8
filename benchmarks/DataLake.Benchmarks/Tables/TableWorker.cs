using System.Diagnostics;
using DataLake.Benchmarks.Measuring;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Values;

namespace DataLake.Benchmarks.Tables;

/// <summary>Appends, plans and upserts in a process of its own, which has done the same once before: services live long. Prints what the process used; its seconds are the median of its repeats.</summary>
internal sealed class TableWorker(TableLake lake, string table, int repeat)
{
    /// <summary>Appends files in one commit, again and again.</summary>
    public async Task AppendAsync(string template, int files)
    {
        var listed = new ListedFiles(await lake.DataFileAsync(template, CancellationToken.None));
        await ReportAsync(async () =>
        {
            var change = TableChange.Append(listed.Of("file:///elsewhere", 1_000_000, files));
            var watch = Stopwatch.StartNew();
            await lake.Commits.CommitAsync(TableLake.Named(table), change, CancellationToken.None);
            return (watch.Elapsed, files);
        });
    }

    /// <summary>Plans a read of the table.</summary>
    public Task PlanAsync(bool withMetrics, bool isFiltered) => ReportAsync(async () =>
    {
        var watch = Stopwatch.StartNew();
        var metadata = (await lake.LoadAsync(table, CancellationToken.None)).Metadata;
        var filter = isFiltered ? new FileFilter(metadata, ColumnPredicate.Between(OrderRows.Id, IcebergValue.Long(5 * ListedFiles.RowsOfFile), IcebergValue.Long((6 * ListedFiles.RowsOfFile) - 1))) : null;
        var files = await new ScanPlanner(lake.Files).PlanAsync(metadata, metadata.CurrentSnapshot, filter, withMetrics, CancellationToken.None).CountAsync(CancellationToken.None);
        return (watch.Elapsed, files);
    });

    /// <summary>Upserts a file, by the key; before it the same into another table, which is not counted.</summary>
    public async Task UpsertAsync(string before, string location)
    {
        var file = await lake.DataFileAsync(location, CancellationToken.None);
        await UpsertAsync(before);
        GC.Collect();
        var earlier = lake.Written(table);
        var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var rows = await UpsertAsync(table);
        var (seconds, cpuSeconds) = (watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
        OwnProcess.Print(new WorkerReport { Rows = rows, Seconds = seconds, StepCpuSeconds = cpuSeconds, OutputBytes = lake.Written(table).Bytes - earlier.Bytes });

        async Task<long> UpsertAsync(string name)
        {
            var plan = await lake.Upserts.PlanAsync(await lake.LoadAsync(name, CancellationToken.None), [], [OrderRows.Id], [[file]], [], CancellationToken.None);
            await lake.Commits.CommitAsync(TableLake.Named(name), plan.Change, CancellationToken.None);
            return plan.RowsReplaced;
        }
    }

    private async Task ReportAsync(Func<Task<(TimeSpan Elapsed, int Files)>> once)
    {
        var times = new List<TimeSpan>();
        var (_, files) = await once();
        var cpu = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < repeat; i++) times.Add((await once()).Elapsed);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        times.Sort();
        OwnProcess.Print(new WorkerReport { Rows = files, Seconds = times[times.Count / 2].TotalSeconds, StepCpuSeconds = cpu.TotalSeconds / repeat });
    }
}
