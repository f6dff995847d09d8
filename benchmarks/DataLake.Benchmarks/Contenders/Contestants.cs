using System.Globalization;
using System.Text.Json;
using DataLake.Benchmarks.Datasets;
using DataLake.Benchmarks.Hosting;
using DataLake.Benchmarks.Measuring;
using DataLake.EmbeddedPostgres;
using Npgsql;

namespace DataLake.Benchmarks.Contenders;

/// <summary>The ways to get tables out of PostgreSQL that are measured side by side.</summary>
internal sealed class Contestants(Workplace workplace, CancellationToken cancellation)
{
    private readonly string psql = Path.Combine(PostgresPrograms.Find().Folder, "psql");
    private readonly NpgsqlConnectionStringBuilder source = new(workplace.ConnectionString);

    /// <summary>The wire's own speed: binary COPY, drained.</summary>
    public async Task<Measurement> PsqlDrainAsync(string table)
    {
        var (used, _) = await MeasureAsync($"{Psql($"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)")} > /dev/null");
        return used;
    }

    /// <summary>What somebody would write in an afternoon: psql's CSV into DuckDB, which writes the Parquet file.</summary>
    public async Task<Measurement> CsvToDuckDbAsync(Dataset dataset)
    {
        var output = DuckDbFile(dataset.Name);
        Directory.CreateDirectory(workplace.Output);
        File.Delete(output);
        var (used, printed) = await MeasureAsync(
            $"{Psql($"COPY (SELECT * FROM {dataset.Name}) TO STDOUT (FORMAT csv)")} | node '{Script("csv-to-parquet.mjs")}' '{output}' \"$COLUMNS_OF_TABLE\"", dataset.DuckColumns);
        using var said = JsonDocument.Parse(printed);
        return used with { PeakBytes = said.RootElement.GetProperty("peakKilobytes").GetInt64() * 1024, OutputBytes = new FileInfo(output).Length };
    }

    /// <summary>The driver's raw COPY stream, drained.</summary>
    public Task<Measurement> DriverDrainAsync(string table, bool isBlocking) => OursAsync($"drain {(isBlocking ? "driver-blocking" : "driver")} {table}");

    /// <summary>Our own protocol client, drained.</summary>
    public Task<Measurement> ClientDrainAsync(params IReadOnlyList<string> tables) => OursAsync($"drain client {string.Join(' ', tables)}");

    /// <summary>DataLake's extractor.</summary>
    public Task<Measurement> DataLakeAsync(int connections, params IReadOnlyList<string> tables) => DataLakeAsync(LakeFolder(tables[0], connections), $"{connections}", tables);

    /// <summary>DataLake's extractor, reading all tables at once, each over so many connections.</summary>
    public Task<Measurement> DataLakeAtOnceAsync(int connections, IReadOnlyList<string> tables) => DataLakeAsync(LakeFolder(tables[0], connections), $"{connections} --at-once", tables);

    /// <summary>DataLake's extractor over one connection, without reading files back.</summary>
    public Task<Measurement> WithoutReadBackAsync(string table) => DataLakeAsync(LakeFolder(table, 0), "1 --no-read-back", [table]);

    private async Task<Measurement> DataLakeAsync(string lake, string how, IReadOnlyList<string> tables)
    {
        if (Directory.Exists(lake))
        {
            Directory.Delete(lake, recursive: true);
        }

        var used = await OursAsync($"worker '{lake}' {how} {string.Join(' ', tables)}");
        return used with { OutputBytes = used.Worker!.OutputBytes };
    }

    /// <summary>The runtime alone.</summary>
    public Task<Measurement> IdleAsync() => OursAsync("idle");

    /// <summary>Whether DuckDB and DataLake wrote the same rows.</summary>
    public async Task<string> CompareAsync(string table, int connections)
    {
        var (_, _, printed) = await ShellTimer.RunAsync(
            $"node '{Script("compare.mjs")}' '{DuckDbFile(table)}' '{LakeFolder(table, connections)}/raw/{table}/*.parquet'", Environment(), cancellation);
        return printed.Trim();
    }

    private async Task<Measurement> OursAsync(string arguments)
    {
        var (used, printed) = await MeasureAsync($"dotnet '{typeof(Contestants).Assembly.Location}' {arguments}");
        var report = WorkerReport.Parse(printed);
        return used with { Worker = report, PeakBytes = report.PeakBytes };
    }

    private async Task<(Measurement Used, string Printed)> MeasureAsync(string pipeline, string? columns = null)
    {
        // What an earlier contestant left to the system to write (only ours put their files on disk themselves) is not this one's to wait for.
        await ShellTimer.RunAsync("sync", Environment(), cancellation);
        var before = ServerProcesses.CpuSeconds(workplace.Server.ProcessId);
        var (seconds, cpu, printed) = await ShellTimer.RunAsync(pipeline, Environment(columns), cancellation);
        var server = ServerProcesses.CpuSeconds(workplace.Server.ProcessId) - before;
        return (new Measurement(seconds, cpu, server, null, null, null), printed);
    }

    private string DuckDbFile(string table) => Path.Combine(workplace.Output, $"{table}-duckdb.parquet");

    private string LakeFolder(string table, int connections) => Path.Combine(workplace.Output, $"{table}-datalake-{connections}");

    private string Psql(string sql) => $"'{psql}' -X -q -v ON_ERROR_STOP=1 -c \"SET TimeZone = 'UTC'\" -c \"{sql}\"";

    private Dictionary<string, string> Environment(string? columns = null) => new()
    {
        ["PGHOST"] = source.Host!,
        ["PGPORT"] = source.Port.ToString(CultureInfo.InvariantCulture),
        ["PGUSER"] = source.Username!,
        ["PGPASSWORD"] = source.Password!,
        ["PGDATABASE"] = source.Database!,
        ["PGSSLMODE"] = "disable",
        ["DATALAKE_BENCHMARK_SOURCE"] = source.ConnectionString,
        ["COLUMNS_OF_TABLE"] = columns ?? "",
    };

    /// <summary>The full path of a script of the benchmarks.</summary>
    internal static string Script(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var script = Path.Combine(folder.FullName, name);
            if (File.Exists(script))
            {
                return script;
            }
        }

        throw new DirectoryNotFoundException($"{name} is in no folder above the program.");
    }
}
