using DataLake.Cli.Tables;
using DataLake.Contracts;
using DataLake.EndToEnd.Tests.Hosting;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Ledger.LakeTables;
using DataLake.SampleSource;
using DataLake.Storage;
using DataLake.Testing;
using DataLake.Testing.Readers;

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

    private TableFiles TableFiles => new(new LakeDirectory(LakeFolder));

    private SqlCatalog Catalog => new(Ledger.DataSource, LakeTableNames.Catalog, new MetadataFiles(TableFiles), TimeProvider.System);

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

    /// <summary>A table of the lake, such as <c>public.loans</c>; null before its first rows.</summary>
    public async Task<CatalogTable?> TableAsync(string table) => await Ledger.ScalarAsync<bool>("SELECT to_regclass('iceberg.iceberg_tables') IS NULL")
        ? null
        : await Catalog.LoadTableAsync(LakeTableNames.Of("operations", TableName.TryParse(table)!), CancellationToken.None);

    /// <summary>The files that are part of a table now.</summary>
    public async Task<TableFileList> FilesAsync(string table) => await TableAsync(table) is { } found ? await FilesAsync(found, found.Metadata.CurrentSnapshot) : new TableFileList([], []);

    /// <summary>The files of a snapshot, as our own planner lists them.</summary>
    public async Task<TableFileList> FilesAsync(CatalogTable table, Snapshot? snapshot)
    {
        var files = await new ScanPlanner(TableFiles).PlanAsync(table.Metadata, snapshot).ToListAsync();
        return new TableFileList(
            [.. files.OrderBy(file => file.Data.SequenceNumber).ThenBy(file => file.Data.DataFile.FilePath, StringComparer.Ordinal).Select(file => PathOf(file.Data))],
            [.. files.SelectMany(file => file.Deletes).Select(PathOf).Distinct()]);
    }

    /// <summary>The query for DuckDB by which the command line reads a table, whatever its deletes are.</summary>
    public async Task<string> QueryAsync(string table)
    {
        var metadata = (await TableAsync(table))!.Metadata;
        var content = await SnapshotContent.ReadAsync(TableFiles, metadata, metadata.CurrentSnapshot, metadata.CurrentSchema, CancellationToken.None);
        return DuckDbQuery.Of(metadata, metadata.CurrentSchema, content.Scan, content.VectorRows).TrimEnd(';');
    }

    /// <summary>Every file under RAW, whether it is part of a table or not.</summary>
    public IReadOnlyList<string> FilesOnDisk() => FilesOnDisk("raw");

    /// <summary>Every file in a folder of the lake.</summary>
    public IReadOnlyList<string> FilesOnDisk(string inside) => Directory.Exists(Path.Combine(LakeFolder, inside))
        ? [.. Directory.EnumerateFiles(Path.Combine(LakeFolder, inside), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];

    /// <summary>
    /// Compares rows of the source with files of the lake, in DuckDB, as multisets: how many rows are only here, how many only there.
    /// </summary>
    /// <param name="sourceQuery">A query on the source that gives the table's columns.</param>
    /// <param name="files">The table's files; deleted rows do not count.</param>
    public Task<(long OnlyInSource, long OnlyInLake)> CompareAsync(string sourceQuery, TableFileList files)
    {
        var deleted = files.Deletes.Count == 0 ? "" : $"WHERE NOT EXISTS (FROM read_parquet({List(files.Deletes)}) x WHERE x.file_path = 'file://' || d.filename AND x.pos = d.file_row_number)";
        return CompareAsync(
            sourceQuery, $"SELECT * EXCLUDE (filename, file_row_number) FROM read_parquet({List(files.Data)}, hive_partitioning = false, filename = true, file_row_number = true) d {deleted}");
    }

    /// <summary>The same with a query on the lake, in DuckDB.</summary>
    public async Task<(long OnlyInSource, long OnlyInLake)> CompareAsync(string sourceQuery, string lakeQuery)
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

        // The source's text is read as the types that the lake's files declare.
        var result = await LakeReaders.SqlAsync(
            $"""
            CREATE TABLE lake AS {lakeQuery};
            CREATE TABLE source AS SELECT * FROM lake LIMIT 0;
            COPY source FROM '{csv}' (FORMAT csv, HEADER true, AUTO_DETECT false, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '', ALLOW_QUOTED_NULLS false);
            SELECT (SELECT count(*) FROM (FROM source EXCEPT ALL FROM lake)), (SELECT count(*) FROM (FROM lake EXCEPT ALL FROM source));
            """);
        var counts = System.Text.Json.JsonSerializer.Deserialize<long[]>(result.Single())!;
        return (counts[0], counts[1]);
    }

    private static string List(IEnumerable<string> files) => $"[{string.Join(", ", files.Select(file => $"'{file}'"))}]";

    private string PathOf(ManifestEntry entry) => Path.Combine(LakeFolder, TableFiles.PathOf(entry.DataFile.FilePath));

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await Ledger.DisposeAsync();
        folder.Dispose();
    }
}

/// <summary>Files of a table, as full paths.</summary>
/// <param name="Data">The data files, in the order of the commits that added them.</param>
/// <param name="Deletes">The position delete files that apply to them.</param>
internal sealed record TableFileList(IReadOnlyList<string> Data, IReadOnlyList<string> Deletes);
