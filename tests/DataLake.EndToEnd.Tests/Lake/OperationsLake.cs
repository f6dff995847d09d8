using DataLake.EndToEnd.Tests.Hosting;
using DataLake.SampleSource;
using DataLake.Testing;
using DataLake.Testing.Readers;
using Npgsql;

namespace DataLake.EndToEnd.Tests.Lake;

/// <summary>A sample source, an empty ledger and a folder for a lake; the system runs on them in processes of its own.</summary>
internal sealed class OperationsLake : IAsyncDisposable
{
    private readonly TemporaryFolder folder;

    private OperationsLake(TestDatabase source, TestDatabase ledger, TemporaryFolder folder)
    {
        Source = source;
        Ledger = ledger;
        this.folder = folder;
    }

    public TestDatabase Source { get; }

    public TestDatabase Ledger { get; }

    public string Folder => folder.Path;

    public string LakeFolder => folder.In("data/lake");

    public static async Task<OperationsLake> CreateAsync(TestPostgres postgres, string definition, long rows = 3_000)
    {
        var source = await postgres.CreateDatabaseAsync();
        var ledger = await postgres.CreateDatabaseAsync();
        await SampleDatabase.CreateAsync(source.ConnectionString, new SampleOptions { Rows = rows, AsOf = DateTimeOffset.UtcNow });
        var lake = new OperationsLake(source, ledger, new TemporaryFolder());
        lake.Define(definition);
        return lake;
    }

    public void Define(string definition)
    {
        Directory.CreateDirectory(folder.In("pipelines"));
        File.WriteAllText(folder.In("pipelines/operations.yaml"), definition);
    }

    /// <summary>Starts the AppHost on this source and ledger, with leases and pauses short enough for a test.</summary>
    public ProgramRun Start(IEnumerable<string>? arguments = null, string? failpoint = null, string? sourceConnection = null, IReadOnlyDictionary<string, string?>? environment = null) => ProgramRun.Start(
        "DataLake.AppHost.dll", Folder,
        ["--data-dir", "data", "--pipelines", "pipelines", "--source", sourceConnection ?? Source.ConnectionString, "--ledger", Ledger.ConnectionString, .. arguments ?? []],
        new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>())
        {
            ["DATALAKE_FAILPOINT"] = failpoint,
            ["DataLake__Lease"] = "00:00:02",
            ["DataLake__Resend"] = "00:00:02",
        });

    /// <summary>Runs every due window and waits for the end.</summary>
    public async Task<(int ExitCode, string Printed)> OnceAsync(string? failpoint = null)
    {
        await using var host = Start(["--once", "--verbose"], failpoint);
        return (await host.EndAsync(), host.Everything);
    }

    /// <summary>The files that are part of a table, as full paths.</summary>
    public async Task<IReadOnlyList<string>> FilesAsync(string table)
    {
        var files = new List<string>();
        await using var command = Ledger.DataSource.CreateCommand(
            "SELECT f.path FROM datalake.catalog_files f JOIN datalake.catalog_tables t ON t.id = f.table_id WHERE t.table_name = $1 AND f.removed_in IS NULL ORDER BY f.added_in, f.path");
        command.Parameters.Add(new NpgsqlParameter { Value = table });
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            files.Add(Path.Combine(LakeFolder, reader.GetString(0)));
        }

        return files;
    }

    /// <summary>Every Parquet file that lies under RAW, whether it is part of a table or not.</summary>
    public IReadOnlyList<string> FilesOnDisk() =>
        Directory.Exists(LakeFolder) ? [.. Directory.EnumerateFiles(LakeFolder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];

    /// <summary>
    /// Compares rows of the source with files of the lake, in DuckDB, as multisets: how many rows are only here, how many only there.
    /// </summary>
    /// <param name="sourceQuery">A query on the source that gives the table's columns.</param>
    /// <param name="files">The lake's files.</param>
    /// <param name="lakeQuery">What of the files to compare; <c>{files}</c> stands for them.</param>
    public async Task<(long OnlyInSource, long OnlyInLake)> CompareAsync(string sourceQuery, IReadOnlyList<string> files, string lakeQuery = "SELECT * FROM {files}")
    {
        var csv = folder.In($"source-{Guid.NewGuid():n}.csv");
        await using (var connection = await Source.DataSource.OpenConnectionAsync())
        {
            using var rows = await connection.BeginTextExportAsync($"COPY ({sourceQuery}) TO STDOUT (FORMAT csv, HEADER)");
            await using var file = new StreamWriter(csv);
            var buffer = new char[1 << 16];
            for (int read; (read = await rows.ReadAsync(buffer)) > 0;)
            {
                await file.WriteAsync(buffer.AsMemory(0, read));
            }
        }

        var list = $"read_parquet([{string.Join(", ", files.Select(file => $"'{file}'"))}], hive_partitioning = false)";
        // The source's text is read as the types that the lake's files declare.
        var result = await LakeReaders.SqlAsync(
            $"""
            CREATE TABLE lake AS {lakeQuery.Replace("{files}", list, StringComparison.Ordinal)};
            CREATE TABLE source AS SELECT * FROM lake LIMIT 0;
            COPY source FROM '{csv}' (FORMAT csv, HEADER true, AUTO_DETECT false, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '', ALLOW_QUOTED_NULLS false);
            SELECT (SELECT count(*) FROM (FROM source EXCEPT ALL FROM lake)), (SELECT count(*) FROM (FROM lake EXCEPT ALL FROM source));
            """);
        var counts = System.Text.Json.JsonSerializer.Deserialize<long[]>(result.Single())!;
        return (counts[0], counts[1]);
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await Ledger.DisposeAsync();
        folder.Dispose();
    }
}
