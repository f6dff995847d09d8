using DataLake.Benchmarks.Measuring;
using DataLake.Benchmarks.Reporting;
using DataLake.Iceberg.Operations;

namespace DataLake.Benchmarks.Tables;

/// <summary>Commits of many files, and plans of reads over many files, in tables of various sizes.</summary>
internal sealed class ManyFiles(TableLake lake, TableProcesses processes, BenchmarkReport report, CancellationToken cancellation)
{
    private const int Appended = 1_000;
    private const int FilesOfCommit = 5_000;
    private const double Mebibyte = 1 << 20;
    private const double MostAppendMilliseconds = 300, MostPlanMilliseconds = 1_000;

    /// <summary>Runs it.</summary>
    /// <returns>Whether the targets are met.</returns>
    public async Task<bool> RunAsync(int repeat)
    {
        report.Doing("makes tables of many files");
        var template = await OrderRows.WriteAsync(lake.Files, lake.Files.LocationOf("raw/template.parquet"), Enumerable.Range(0, 10_000).Select(i => (long)i), 0, cancellation);
        var listed = new ListedFiles(template);
        var floor = (await processes.IdleAsync()).PeakBytes;
        report.Note(
            $"Tables of many files of 12 columns, each in a process that did the same once before; medians of {repeat}; memory is the peak above the {floor / Mebibyte:0} MiB of a process that does nothing.");
        var table = report.Table("files",
            new("table_files", "files in the table", "N0"), new("step", "step"), new("files", "files of the step", "N0"),
            new("milliseconds", "ms", "N0"), new("target_ms", "target ms", "N0"), new("cpu_ms", "CPU ms", "N0"), new("peak_mib", "peak MiB", "0"),
            new("allocated_mb", "MB allocated in all", "N0"));
        var isGood = true;
        foreach (var files in (int[])[1_000, 10_000, 100_000])
        {
            var name = $"files_{files}";
            var location = (await lake.CreateAsync(name, cancellation)).Metadata.Location;
            for (var done = 0; done < files; done += FilesOfCommit)
                await lake.Commits.CommitAsync(TableLake.Named(name), TableChange.Append(listed.Of($"{location}/data", done, Math.Min(FilesOfCommit, files - done))), cancellation);
            await StepAsync("plan, all files", "plan", files == 10_000 ? MostPlanMilliseconds : null);
            await StepAsync("plan, all files with metrics", "plan --metrics", files == 10_000 ? MostPlanMilliseconds : null);
            await StepAsync("plan, one key's range", "plan --filter", files == 10_000 ? MostPlanMilliseconds : null);
            await StepAsync("append", $"append '{template.FilePath}' {Appended}", files == 10_000 ? MostAppendMilliseconds : null);

            async Task StepAsync(string step, string arguments, double? target)
            {
                report.Doing($"{files:N0} files: {step}");
                var used = await processes.WorkerAsync(name, repeat, arguments);
                table.Add(files, step, used.Rows, used.Seconds * 1000, target, used.StepCpuSeconds * 1000, (used.PeakBytes - floor) / Mebibyte, used.AllocatedBytes / 1e6);
                isGood &= target is null || used.Seconds * 1000 < target;
            }
        }

        return isGood;
    }
}
