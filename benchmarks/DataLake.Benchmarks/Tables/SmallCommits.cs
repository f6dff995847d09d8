using System.Diagnostics;
using DataLake.Benchmarks.Reporting;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Operations;

namespace DataLake.Benchmarks.Tables;

/// <summary>Commits of one file each: how many a second over many tables, and what one costs after many.</summary>
internal sealed class SmallCommits(TableLake lake, BenchmarkReport report, CancellationToken cancellation)
{
    private const int Tables = 50;
    private const double LeastCommitsASecond = 100;
    private const int Deepest = 1_000;
    private const int Around = 25;
    private const int CommitsOfExpiry = 100;

    private DataFile template = null!;

    /// <summary>Runs it.</summary>
    /// <returns>Whether the target is met.</returns>
    public async Task<bool> RunAsync(int commits)
    {
        template = await OrderRows.WriteAsync(lake.Files, lake.Files.LocationOf("raw/small.parquet"), Enumerable.Range(0, 100).Select(i => (long)i), 0, cancellation);
        var best = await RatesAsync(commits);
        await DepthAsync();
        return best >= LeastCommitsASecond;
    }

    private async Task<double> RatesAsync(int commits)
    {
        report.Note($"Commits of one file over {Tables} tables, {commits} each, with the SQL catalog in a PostgreSQL that puts every commit on disk, as the lake does.");
        var table = report.Table("commits",
            new("at_once", "tables at once"), new("commits", "commits", "N0"), new("per_second", "commits a second", "0"), new("target", "target"), new("p50_ms", "p50 ms", "0.0"), new("p99_ms", "p99 ms", "0.0"), new("cpu_ms", "CPU ms a commit", "0.0"));
        var best = 0.0;
        foreach (var atOnce in (int[])[1, 2, 4, 8])
        {
            report.Doing($"commits to {Tables} tables, {atOnce} at once");
            var names = Enumerable.Range(0, Tables).Select(i => $"commits_{atOnce}_{i}").ToList();
            foreach (var name in names)
            {
                await lake.CreateAsync(name, cancellation);
                await CommitAsync(name);
            }

            var times = new List<double>();
            var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation }, async (name, _) =>
            {
                for (var i = 0; i < commits; i++)
                {
                    var took = await CommitAsync(name);
                    lock (times) times.Add(took);
                }
            });
            var rate = times.Count / watch.Elapsed.TotalSeconds;
            times.Sort();
            var cpuOfCommit = (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / times.Count;
            table.Add(atOnce, times.Count, rate, LeastCommitsASecond, times[times.Count / 2], times[times.Count * 99 / 100], cpuOfCommit);
            best = Math.Max(best, rate);
        }

        return best;
    }

    private async Task DepthAsync()
    {
        report.Note(
            $"What one commit costs as a table gets older; medians of the {Around} commits after those. With expiry, {CommitsOfExpiry} snapshots are kept and every {CommitsOfExpiry} commits the rest expires; "
            + "what that took is the last column.");
        var table = report.Table("depth",
            new("expiry", "expiry"), new("snapshots", "commits before", "N0"), new("p50_ms", "p50 ms", "0.0"), new("cpu_ms", "CPU ms", "0.0"),
            new("metadata_kb", "metadata file KB", "0"), new("files", "files in the folder", "N0"), new("expiry_ms", "expiry ms a commit", "0.0"));
        foreach (var expires in (bool[])[false, true])
        {
            var name = expires ? "old_expired" : "old";
            report.Doing($"{Deepest:N0} commits to a table, {(expires ? "with" : "without")} expiry");
            await lake.CreateAsync(name, cancellation);
            var times = new List<double>();
            var (expiry, cpu) = (TimeSpan.Zero, Environment.CpuUsage.TotalTime);
            for (var i = 1; i <= Deepest + Around; i++)
            {
                if (i - 1 is 1 or 100 or Deepest) cpu = Environment.CpuUsage.TotalTime;
                times.Add(await CommitAsync(name));
                if (i - Around is 1 or 100 or Deepest) cpu = Environment.CpuUsage.TotalTime - cpu;
                if (expires && i % CommitsOfExpiry == 0)
                {
                    var watch = Stopwatch.StartNew();
                    await new SnapshotExpiry(lake.Catalog, lake.Files, TimeProvider.System).ExpireAsync(
                        TableLake.Named(name), new ExpiryOptions { MaxSnapshotAge = TimeSpan.Zero, MinSnapshotsToKeep = CommitsOfExpiry }, cancellation);
                    expiry += watch.Elapsed;
                }

                if (i - Around is not (1 or 100 or Deepest)) continue;
                var last = times[^Around..];
                last.Sort();
                var metadata = (await lake.LoadAsync(name, cancellation)).MetadataLocation;
                table.Add(
                    expires ? "yes" : "no", i - Around, last[Around / 2], cpu.TotalMilliseconds / Around, new FileInfo(metadata["file://".Length..]).Length / 1e3,
                    lake.Written(name).Files, expires ? expiry.TotalMilliseconds / i : null);
            }
        }
    }

    private async Task<double> CommitAsync(string name)
    {
        var file = template with { FilePath = $"file:///elsewhere/run={Guid.NewGuid()}/part-1-0.parquet" };
        var watch = Stopwatch.StartNew();
        await lake.Commits.CommitAsync(TableLake.Named(name), TableChange.Append(file) with { RunIds = [Guid.NewGuid().ToString()] }, cancellation);
        return watch.Elapsed.TotalMilliseconds;
    }
}
