using System.Globalization;
using DataLake.Benchmarks.Contenders;
using DataLake.Benchmarks.Datasets;
using DataLake.Benchmarks.Measuring;
using DataLake.EmbeddedPostgres;
using Npgsql;

namespace DataLake.Benchmarks;

/// <summary>Makes the tables once, measures every contestant on each in turn, compares contents, and prints a table for docs/performance.md.</summary>
internal static class ExtractBenchmark
{
    public static async Task<int> RunAsync(long rows, string[] tables, int repeat, string folder)
    {
        Directory.CreateDirectory(folder);
        await using var server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions
        {
            DataDirectory = Path.Combine(folder, "postgres"),
            Settings = new Dictionary<string, string> { ["shared_buffers"] = "2GB", ["max_wal_size"] = "8GB", ["fsync"] = "off", ["autovacuum"] = "off" },
            Say = Console.Error.WriteLine,
        });
        await server.EnsureDatabaseAsync("benchmark");
        var connection = server.ConnectionString("benchmark");
        var contestants = new Contestants(Path.Combine(PostgresPrograms.Find().Folder, "psql"), connection, folder);
        var floor = await contestants.FloorAsync();
        Console.WriteLine($"{Environment.ProcessorCount} cores; each figure is the median of {repeat} runs; CPU is the client's, per million rows; memory is the peak above the runtime's {floor / 1048576.0:0} MiB (DuckDB: the whole process).");
        Console.WriteLine();
        Console.WriteLine("| table | rows | contestant | wall s | of (a) | of (b) | CPU s/M rows | peak MiB | MB written |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        var allEqual = true;
        foreach (var dataset in Dataset.All.Where(dataset => tables.Length == 0 || tables.Contains(dataset.Name)))
        {
            var count = await MakeAsync(connection, dataset, rows);
            allEqual &= await MeasureAsync(contestants, dataset, count, repeat, floor);
        }

        return allEqual ? 0 : 1;
    }

    private static async Task<bool> MeasureAsync(Contestants contestants, Dataset dataset, long rows, int repeat, long floor)
    {
        var ways = new (string Name, Func<Task<Measurement>> Run)[]
        {
            ("(a) psql COPY binary, drained", () => contestants.DrainAsync(dataset)),
            ("(b) psql CSV, DuckDB to Parquet", () => contestants.CsvToDuckDbAsync(dataset)),
            ("DataLake, 1 connection", () => contestants.DataLakeAsync(dataset, 1)),
            ($"DataLake, {Environment.ProcessorCount} connections", () => contestants.DataLakeAsync(dataset, Environment.ProcessorCount)),
        };
        // The ways take turns, so that a slow moment of the machine meets all of them.
        var runs = ways.Select(_ => new List<Measurement>()).ToArray();
        for (var i = 0; i < repeat; i++)
        {
            for (var way = 0; way < ways.Length; way++)
            {
                runs[way].Add(await ways[way].Run());
            }
        }

        var drained = Median(runs[0], run => run.Seconds);
        var duck = Median(runs[1], run => run.Seconds);
        for (var way = 0; way < ways.Length; way++)
        {
            var seconds = Median(runs[way], run => run.Seconds);
            var peak = runs[way][0].PeakBytes is null ? "" : Format((Median(runs[way], run => run.PeakBytes ?? 0) - (way >= 2 ? floor : 0)) / 1048576.0, "0");
            var written = runs[way][0].OutputBytes is { } bytes ? Format(bytes / 1e6, "0.0") : "";
            Console.WriteLine(
                $"| {dataset.Name} | {rows.ToString("N0", CultureInfo.InvariantCulture)} | {ways[way].Name} | {Format(seconds, "0.00")} | {Format(seconds / drained, "0.00")} | {Format(seconds / duck, "0.00")} " +
                $"| {Format(Median(runs[way], run => run.CpuSeconds) * 1e6 / rows, "0.00")} | {peak} | {written} |");
        }

        var equal = true;
        foreach (var connections in new[] { 1, Environment.ProcessorCount })
        {
            var verdict = await contestants.CompareAsync(dataset, connections);
            equal &= verdict == "equal";
            Console.Error.WriteLine($"{dataset.Name}: the contents of (b) and DataLake with {connections} connection(s) are {verdict}");
        }

        return equal;
    }

    private static async Task<long> MakeAsync(string connectionString, Dataset dataset, long rows)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        var wanted = (long)(rows * dataset.Share);
        await using (var there = source.CreateCommand($"SELECT to_regclass('{dataset.Name}') IS NOT NULL"))
        {
            if (await there.ExecuteScalarAsync() is true)
            {
                await using var count = source.CreateCommand($"SELECT count(*) FROM {dataset.Name}");
                if (await count.ExecuteScalarAsync() is long found && found == wanted)
                {
                    return wanted;
                }
            }
        }

        foreach (var sql in new[] { $"DROP TABLE IF EXISTS {dataset.Name}", dataset.CreateSql, dataset.FillSql(rows), $"VACUUM ANALYZE {dataset.Name}" })
        {
            await using var command = source.CreateCommand(sql);
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync();
        }

        return wanted;
    }

    private static double Median(IEnumerable<Measurement> runs, Func<Measurement, double> value)
    {
        var sorted = runs.Select(value).Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static string Format(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
