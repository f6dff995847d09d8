using System.Text.Json;
using DataLake.Benchmarks.Contenders;
using DataLake.Benchmarks.Hosting;
using DataLake.Benchmarks.Measuring;

namespace DataLake.Benchmarks.Tables;

/// <summary>Starts what is measured in processes of its own: <see cref="TableWorker"/>, and DuckDB.</summary>
internal sealed class TableProcesses(Workplace workplace, string lakeFolder, CancellationToken cancellation)
{
    /// <summary>The runtime alone.</summary>
    public Task<WorkerReport> IdleAsync() => OursAsync("idle");

    /// <summary>A command of <see cref="TableWorker"/>.</summary>
    public Task<WorkerReport> WorkerAsync(string table, int repeat, string arguments) => OursAsync($"table-worker '{lakeFolder}' {table} {repeat} {arguments}");

    /// <summary>Rewrites a table with other rows in it, in DuckDB. The time is that of its statement, without the program's start.</summary>
    public async Task<(double Seconds, double CpuSeconds, long PeakBytes)> RewriteAsync(IReadOnlyList<string> data, string added, string output)
    {
        using var said = await DuckDbAsync(new { rewrite = new { data, added, output } });
        return (said.RootElement.GetProperty("seconds").GetDouble(), said.RootElement.GetProperty("cpuSeconds").GetDouble(), said.RootElement.GetProperty("peakKilobytes").GetInt64() * 1024);
    }

    /// <summary>Whether a table's files without its deleted rows are the same rows as those of another file.</summary>
    public async Task<string> CompareAsync(IReadOnlyList<string> data, IReadOnlyList<string> deletes, string other)
    {
        using var said = await DuckDbAsync(new { compare = new { data, deletes, other } });
        return said.RootElement.GetProperty("verdict").GetString()!;
    }

    private async Task<JsonDocument> DuckDbAsync(object request)
    {
        var (_, _, printed) = await ShellTimer.RunAsync(
            $"node '{Contestants.Script("upsert.mjs")}' \"$REQUEST\"", new Dictionary<string, string> { ["REQUEST"] = JsonSerializer.Serialize(request) }, cancellation);
        return JsonDocument.Parse(printed);
    }

    private async Task<WorkerReport> OursAsync(string arguments)
    {
        var (_, _, printed) = await ShellTimer.RunAsync(
            $"dotnet '{typeof(TableProcesses).Assembly.Location}' {arguments}", new Dictionary<string, string> { ["DATALAKE_BENCHMARK_SOURCE"] = workplace.ConnectionString }, cancellation);
        return WorkerReport.Parse(printed);
    }
}
