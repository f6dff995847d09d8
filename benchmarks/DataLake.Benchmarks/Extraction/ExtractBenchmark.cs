using DataLake.Benchmarks.Contenders;
using DataLake.Benchmarks.Datasets;
using DataLake.Benchmarks.Hosting;
using DataLake.Benchmarks.Measuring;
using DataLake.Benchmarks.Reporting;

namespace DataLake.Benchmarks.Extraction;

/// <summary>Makes the tables, measures every contestant on each in turn, compares contents, and shows what bounds DataLake with more connections and cores.</summary>
internal sealed class ExtractBenchmark(Workplace workplace, BenchmarkReport report, int repeat, CancellationToken cancellation)
{
    private static readonly int[] Connections = [1, 2, 4];
    private static readonly int[] MoreConnections = [8, 16];
    private static readonly int[] OtherCores = [4, 8, 16];

    private readonly Contestants contestants = new(workplace, cancellation);

    /// <summary>Runs it.</summary>
    /// <returns>Whether all contents were equal.</returns>
    public async Task<bool> RunAsync(long rows, IReadOnlyList<string> tables)
    {
        var idle = await contestants.IdleAsync();
        report.Note(
            $"{Environment.ProcessorCount} cores; each figure is the median of {repeat} runs; CPU is seconds per million rows; memory is the peak above the runtime's {idle.PeakBytes!.Value >> 20} MiB (DuckDB: the whole process).");
        var results = report.Table("extraction",
            new("table", "table"), new("rows", "rows", "N0"), new("contestant", "contestant"), new("wall_seconds", "wall s", "0.00"), new("of_a", "of (a)", "0.00"), new("of_b", "of (b)", "0.00"),
            new("client_cpu", "client CPU s/M", "0.00"), new("server_cpu", "server CPU s/M", "0.00"), new("peak_mib", "peak MiB", "0"), new("written_mb", "MB written", "0.0"));
        var maker = new TableMaker(workplace.ConnectionString, report.Doing);
        var models = new List<(Dataset Dataset, IReadOnlyList<Runs> Ours, long Rows)>();
        var allEqual = true;
        foreach (var dataset in Dataset.All.Where(dataset => tables.Count == 0 || tables.Contains(dataset.Name)))
        {
            var count = (long)(rows * dataset.Share);
            report.Doing($"{dataset.Name}: makes {count:N0} rows, unless they are there");
            await maker.MakeAsync(dataset, count, cancellation);
            var runs = await Contest.RunAsync(WaysOf(dataset), repeat, doing => report.Doing($"{dataset.Name}: {doing}"));
            AddRows(results, dataset, count, runs, idle);
            models.Add((dataset, [.. runs.Where(way => way.Way.Connections > 0)], count));
            allEqual &= await CompareAsync(dataset);
            workplace.RemoveOutput();
        }

        ShowScaling(models, idle);
        report.Note(allEqual ? "The rows that (b) and DataLake wrote were compared as multisets: equal in every table." : "The rows that (b) and DataLake wrote DIFFER.");
        return allEqual;
    }

    private IReadOnlyList<Way> WaysOf(Dataset dataset) =>
    [
        new("(a) psql COPY binary, drained", () => contestants.PsqlDrainAsync(dataset.Name)),
        new("(b) psql CSV, DuckDB to Parquet", () => contestants.CsvToDuckDbAsync(dataset)),
        new("(c) the driver's raw COPY stream, drained", () => contestants.DriverDrainAsync(dataset.Name, isBlocking: false)),
        new("(d) the same, with reads that block", () => contestants.DriverDrainAsync(dataset.Name, isBlocking: true)),
        new("(e) our protocol client, drained", () => contestants.ClientDrainAsync(dataset.Name)),
        new("DataLake, 1 connection, files not read back", () => contestants.WithoutReadBackAsync(dataset.Name)),
        .. Connections.Select(connections => new Way($"DataLake, {connections} connection{(connections > 1 ? "s" : "")}", () => contestants.DataLakeAsync(connections, dataset.Name), connections)),
    ];

    private static void AddRows(ResultTable results, Dataset dataset, long rows, IReadOnlyList<Runs> runs, Measurement idle)
    {
        var (drained, duck) = (runs[0].Seconds, runs[1].Seconds);
        foreach (var way in runs)
        {
            var floor = way.All[0].Worker is null ? 0 : idle.PeakBytes;
            results.Add(
                dataset.Name, rows, way.Way.Name, way.Seconds, way.Seconds / drained, way.Seconds / duck,
                way.Median(run => run.CpuSeconds * 1e6 / rows), way.Median(run => run.ServerCpuSeconds * 1e6 / rows),
                way.Median(run => (run.PeakBytes - floor) / 1048576.0), way.Median(run => run.OutputBytes / 1e6));
        }
    }

    private async Task<bool> CompareAsync(Dataset dataset)
    {
        var equal = true;
        foreach (var connections in Connections)
        {
            report.Doing($"{dataset.Name}: compares the rows of (b) and DataLake with {connections} connection(s)");
            var verdict = await contestants.CompareAsync(dataset.Name, connections);
            if (verdict != "equal")
            {
                equal = false;
                report.Note($"{dataset.Name}, {connections} connection(s): {verdict}");
            }
        }

        return equal;
    }

    private void ShowScaling(IReadOnlyList<(Dataset Dataset, IReadOnlyList<Runs> Ours, long Rows)> models, Measurement idle)
    {
        var here = Environment.ProcessorCount;
        report.Note(
            $"What bounds DataLake: wall seconds measured here, and by a model in which a connection takes as long as the slower of the server's session and our thread, and all together as long as " +
            $"their processor time takes on the cores. Disks, memory bandwidth and networks are not in it: columns other than 'measured' are a model's, computed from the CPU of the same row (of 4 connections, where more were not measured).");
        var table = report.Table("scaling",
            [
                new("table", "table"), new("connections", "connections"), new("client_cpu", "client CPU s/M", "0.00"), new("server_cpu", "server CPU s/M", "0.00"),
                new("measured", $"measured, {here} cores", "0.00"), new("model_here", $"model, {here} cores", "0.00"),
                .. OtherCores.Select(cores => new Column($"model_{cores}", $"model, {cores} cores", "0.00")), new("bound_here", $"bound by, {here} cores"), new("bound_16", "bound by, 16 cores"),
            ]);
        foreach (var (dataset, ours, rows) in models.Where(model => model.Ours[0].All[0].ServerCpuSeconds is not null))
        {
            foreach (var connections in Connections.Concat(MoreConnections))
            {
                var way = ours.LastOrDefault(way => way.Way.Connections <= connections)!;
                var isMeasured = way.Way.Connections == connections;
                var model = new ScalingModel(
                    way.Median(run => run.Seconds - run.Worker!.Seconds)!.Value, rows / 1e6,
                    way.Median(run => run.ServerCpuSeconds * 1e6 / rows)!.Value, way.Median(run => Math.Max(0, run.CpuSeconds - idle.CpuSeconds) * 1e6 / rows)!.Value);
                table.Add(
                    [
                        dataset.Name, connections, isMeasured ? model.ClientCpu : null, isMeasured ? model.ServerCpu : null, isMeasured ? way.Seconds : null, model.Seconds(connections, here),
                        .. OtherCores.Select(cores => (object?)model.Seconds(connections, cores)), model.Bound(connections, here), model.Bound(connections, OtherCores[^1]),
                    ]);
            }
        }
    }
}
