using System.Text.Json;
using DataLake.Benchmarks.Datasets;
using DataLake.Benchmarks.Measuring;
using Npgsql;

namespace DataLake.Benchmarks.Contenders;

/// <summary>The ways to get a table out of PostgreSQL that are measured side by side.</summary>
internal sealed class Contestants(string psql, string connectionString, string folder)
{
    private readonly NpgsqlConnectionStringBuilder source = new(connectionString);

    /// <summary>The wire's own speed: binary COPY, drained.</summary>
    public async Task<Measurement> DrainAsync(Dataset dataset)
    {
        var (seconds, cpu, _) = await ShellTimer.RunAsync($"{Psql($"COPY (SELECT * FROM {dataset.Name}) TO STDOUT (FORMAT binary)")} > /dev/null", Environment());
        return new Measurement(seconds, cpu, null, null);
    }

    /// <summary>What somebody would write in an afternoon: psql's CSV into DuckDB, which writes the Parquet file.</summary>
    public async Task<Measurement> CsvToDuckDbAsync(Dataset dataset)
    {
        var output = Path.Combine(folder, $"{dataset.Name}-duckdb.parquet");
        File.Delete(output);
        var script = Path.Combine(ProjectFolder(), "csv-to-parquet.mjs");
        var (seconds, cpu, printed) = await ShellTimer.RunAsync(
            $"{Psql($"COPY (SELECT * FROM {dataset.Name}) TO STDOUT (FORMAT csv)")} | node '{script}' '{output}' \"$COLUMNS_OF_TABLE\"", Environment(dataset.DuckColumns));
        using var used = JsonDocument.Parse(printed);
        return new Measurement(seconds, cpu, used.RootElement.GetProperty("peakKilobytes").GetInt64() * 1024, new FileInfo(output).Length);
    }

    /// <summary>DataLake's extractor.</summary>
    public async Task<Measurement> DataLakeAsync(Dataset dataset, int connections)
    {
        var lake = Path.Combine(folder, $"{dataset.Name}-datalake-{connections}");
        if (Directory.Exists(lake))
        {
            Directory.Delete(lake, recursive: true);
        }

        var (seconds, cpu, printed) = await ShellTimer.RunAsync(
            $"dotnet '{typeof(Contestants).Assembly.Location}' worker {dataset.Name} '{lake}' {connections}", Environment());
        var report = JsonSerializer.Deserialize<WorkerReport>(printed)!;
        return new Measurement(seconds, cpu, report.PeakBytes, report.OutputBytes);
    }

    /// <summary>The memory of the runtime alone.</summary>
    public async Task<long> FloorAsync()
    {
        var (_, _, printed) = await ShellTimer.RunAsync($"dotnet '{typeof(Contestants).Assembly.Location}' idle", Environment());
        return JsonSerializer.Deserialize<WorkerReport>(printed)!.PeakBytes;
    }

    /// <summary>Whether both have the same rows.</summary>
    public async Task<string> CompareAsync(Dataset dataset, int connections)
    {
        var script = Path.Combine(ProjectFolder(), "compare.mjs");
        var (_, _, printed) = await ShellTimer.RunAsync(
            $"node '{script}' '{Path.Combine(folder, $"{dataset.Name}-duckdb.parquet")}' '{Path.Combine(folder, $"{dataset.Name}-datalake-{connections}")}/raw/{dataset.Name}/*.parquet'", Environment());
        return printed.Trim();
    }

    private string Psql(string sql) => $"'{psql}' -X -q -v ON_ERROR_STOP=1 -c \"SET TimeZone = 'UTC'\" -c \"{sql}\"";

    private Dictionary<string, string> Environment(string? columns = null) => new()
    {
        ["PGHOST"] = source.Host!,
        ["PGPORT"] = source.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["PGUSER"] = source.Username!,
        ["PGPASSWORD"] = source.Password!,
        ["PGDATABASE"] = source.Database!,
        ["PGSSLMODE"] = "disable",
        ["DATALAKE_BENCHMARK_SOURCE"] = source.ConnectionString,
        ["COLUMNS_OF_TABLE"] = columns ?? "",
    };

    private static string ProjectFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "csv-to-parquet.mjs")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("csv-to-parquet.mjs is in no folder above the program.");
    }
}
