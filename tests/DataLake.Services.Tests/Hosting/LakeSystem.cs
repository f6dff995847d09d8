using DataLake.CatalogUpdater;
using DataLake.Contracts;
using DataLake.Extractor;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Rows;
using DataLake.Ledger.Database;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Model;
using DataLake.Ledger.Notices;
using DataLake.Ledger.Runs;
using DataLake.Ledger.Scheduling;
using DataLake.Scheduler;
using DataLake.Scheduler.Cycle;
using DataLake.ServiceDefaults;
using DataLake.ServiceDefaults.Messaging;
using DataLake.Storage;
using DataLake.Testing;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace DataLake.Services.Tests.Hosting;

/// <summary>
/// Scheduler, extractor and catalog updater in one process, as the embedded system composes them, on databases and a lake of their own. Rounds of the scheduler are made by
/// the test. Both clocks stand still until the test moves them: the services' <see cref="Time"/>, and the source's, which is a function before PostgreSQL's own in its search path.
/// </summary>
internal sealed class LakeSystem : IAsyncDisposable
{
    public const string Pipeline = "test";

    // The other tests of the process use the same server, and gates are closed for as long as a slow machine needs.
    private const string Unlimited = ", limits: { active_sessions: 10000, lock_waits: 10000, replica_lag: 1000d, blocking: 1000d, lock_timeout: 1h }";

    public static readonly DateTimeOffset Noon = new(2026, 1, 10, 12, 0, 0, TimeSpan.Zero);

    private readonly TestDatabase database;
    private IHost? host;

    private LakeSystem(TestDatabase database)
    {
        this.database = database;
        Connect(_ => { });
    }

    /// <summary>The source, as its superuser. Making a database takes longer than most tests, so the ledger is a schema in the same one.</summary>
    public TestDatabase Source => database;

    public TestDatabase Ledger => database;

    public ManualTimeProvider Time { get; } = new(Noon);

    public TemporaryFolder Folder { get; } = new();

    public LogCollector Logs { get; } = new();

    public LogLevel LogsFrom { get; set; } = LogLevel.Information;

    /// <summary>Settings of the host; set them before <see cref="StartAsync"/>. Maintenance is done when a test asks for it.</summary>
    public Dictionary<string, string?> Settings { get; } = new() { ["Scheduler:Once"] = "true", ["DataLake:CatalogUpdater:Maintenance:Enabled"] = "false" };

    /// <summary>Whether tables are due by their schedules, instead of once. Either way no round is made but by the test.</summary>
    public bool BySchedule { get; set; }

    public string LakeFolder { get; set; } = "";

    public IServiceProvider Services => host!.Services;

    public SchedulerCycle Scheduler => Services.GetRequiredService<SchedulerCycle>();

    public RunQueries Runs => Services.GetRequiredService<RunQueries>();

    public static async Task<LakeSystem> CreateAsync(TestPostgres postgres, string sourceSql = "")
    {
        var system = new LakeSystem(await postgres.CreateDatabaseAsync());
        system.LakeFolder = system.Folder.In("lake");
        await system.Source.ExecuteAsync(
            $$"""
            CREATE SCHEMA fake;
            CREATE TABLE fake.clock (now timestamptz);
            INSERT INTO fake.clock VALUES ('{{Noon:O}}');
            CREATE FUNCTION fake.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT now FROM fake.clock';
            GRANT USAGE ON SCHEMA fake TO public;
            ALTER DATABASE "{{system.Source.Name}}" SET search_path = public, fake, pg_catalog;
            -- Rows after the gate are read when the test lets them through.
            CREATE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(4242); RETURN true; END';
            {{sourceSql}}
            """);
        return system;
    }

    /// <summary>How the services connect to the source, from now on.</summary>
    public void Connect(Action<NpgsqlConnectionStringBuilder> change)
    {
        var settings = new NpgsqlConnectionStringBuilder(Source.ConnectionString);
        change(settings);
        WriteSecret("source", settings.ConnectionString);
    }

    public void WriteSecret(string name, string value) => File.WriteAllText(Folder.In(name), value);

    /// <summary>Writes the definition: its tables, and what differs from the usual.</summary>
    public void Define(string tables, string source = "max_connections: 4, max_runs: 4", string schedule = "rate(1 minute)", string more = "", string defaults = "retries: 2, retry_delay: 10s") =>
        WriteDefinition("test.yaml",
            $$"""
            pipeline: {{Pipeline}}
            source: { connection: "file:{{Folder.In("source")}}", {{source}}{{(source.Contains("limits:", StringComparison.Ordinal) ? "" : Unlimited)}} }
            mask_key: "file:{{Folder.In("mask")}}"
            defaults: { schedule: "{{schedule}}", lag: 0s, {{defaults}} }
            tables:
            {{tables}}
            notify:
              - { on: [failed, recovered, succeeded], log: true }
            {{more}}
            """);

    public void WriteDefinition(string file, string text)
    {
        Directory.CreateDirectory(Folder.In("pipelines"));
        File.WriteAllText(Folder.In("pipelines", file), text);
    }

    public async Task<LakeSystem> StartAsync()
    {
        var starting = Compose();
        try
        {
            await starting.StartAsync();
        }
        catch
        {
            await ((IAsyncDisposable)starting).DisposeAsync();
            throw;
        }

        host = starting;
        return this;
    }

    /// <summary>One more host on the same ledger, source, lake and clock.</summary>
    public IHost Compose()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ApplicationName = "DataLake.Services.Tests" });
        foreach (var (name, value) in new Dictionary<string, string?>(Settings)
        {
            ["DataLake:Ledger"] = database.ConnectionString,
            ["DataLake:LakeDirectory"] = LakeFolder,
            ["DataLake:Pipelines"] = Folder.In("pipelines"),
        })
        {
            builder.Configuration[name] = value;
        }

        builder.Logging.AddProvider(Logs);
        builder.Logging.SetMinimumLevel(LogsFrom);
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.AddServiceDefaults();
        builder.AddScheduler();
        if (BySchedule)
        {
            builder.Services.PostConfigure<SchedulerOptions>(options => options.Once = false);
        }

        builder.AddExtractor();
        builder.AddCatalogUpdater();
        builder.AddMessaging();
        return builder.Build();
    }

    public async Task StopAsync()
    {
        await host!.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        host = null;
    }

    /// <summary>From now on messages reach nobody, as if each was lost.</summary>
    public Task StopExtractorAsync() => Services.GetRequiredService<IBusControl>().StopAsync();

    public Task StartExtractorAsync() => Services.GetRequiredService<IBusControl>().StartAsync();

    public Task SetSourceClockAsync(DateTimeOffset now) => Source.ExecuteAsync($"UPDATE fake.clock SET now = '{now:O}'");

    /// <summary>Moves both clocks.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        Time.Advance(by);
        await SetSourceClockAsync(Time.GetUtcNow());
    }

    public async Task<SchedulerCycle.Round> RoundAsync() => (await Scheduler.RunAsync(CancellationToken.None)).ShouldNotBeNull();

    /// <summary>Rounds until they change nothing more; both clocks stand still meanwhile.</summary>
    public async Task<SchedulerCycle.Round> SettleAsync()
    {
        while (true)
        {
            var before = await StateAsync();
            var round = await RoundAsync();
            await QuietAsync();
            if (before == await StateAsync())
            {
                return round;
            }
        }
    }

    /// <summary>Waits until nothing that was sent is still under way.</summary>
    public Task QuietAsync() => Eventually.Async(async () => await Ledger.ScalarAsync<long>(
        """
        SELECT count(*) FROM datalake.runs r
        WHERE status = 'Extracting' OR (status = 'Planned' AND dispatched_at IS NOT NULL)
           OR (status = 'Extracted' AND NOT EXISTS (SELECT FROM datalake.runs e WHERE e.pipeline = r.pipeline AND e.table_name = r.table_name
                AND e.window_to <= r.window_from AND e.status <> 'Committed'))
        """) == 0, TimeSpan.FromSeconds(30));

    /// <summary>Closes the gate in the source until what is returned is disposed.</summary>
    public async Task<NpgsqlConnection> CloseGateAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Source.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_advisory_lock(4242)", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    /// <summary>Waits until so many connections stand before the gate.</summary>
    public Task AtGateAsync(int connections = 1) => Eventually.Async(async () => await Source.ScalarAsync<long>(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == connections,
        TimeSpan.FromSeconds(30));

    public async Task<List<Run>> AllRunsAsync(string? table = null) => [.. (await Runs.LatestAsync(Pipeline, table, null, 10_000, CancellationToken.None))
        .OrderBy(run => run.Table).ThenBy(run => run.WindowTo).ThenBy(run => run.PlannedAt)];

    public async Task<Run> OnlyRunAsync() => (await AllRunsAsync()).ShouldHaveSingleItem();

    /// <summary>The table in the lake's catalog; null before its first rows.</summary>
    public Task<CatalogTable?> TableAsync(string table) =>
        Services.GetRequiredService<ICatalog>().LoadTableAsync(LakeTableNames.Of(Pipeline, TableName.TryParse(table)!), CancellationToken.None);

    /// <summary>Maintenance merges small files of a table.</summary>
    /// <returns>How many files became one.</returns>
    public async Task<int> CompactAsync(string table)
    {
        var outcome = await new Compaction(Services.GetRequiredService<ICatalog>(), Services.GetRequiredService<TableFiles>(), Time)
            .RunAsync(LakeTableNames.Of(Pipeline, TableName.TryParse(table)!), new CompactionOptions { MinFiles = 2 }, CancellationToken.None);
        outcome.AddedFiles.ShouldBe(1);
        return outcome.RemovedFiles;
    }

    /// <summary>The files that are part of a table now, in the order of commits.</summary>
    public async Task<IReadOnlyList<TableFile>> FilesAsync(string table)
    {
        var runs = (await AllRunsAsync(table)).ToDictionary(run => run.Id);
        return [.. (await ScanAsync(table)).Select(file => new TableFile(
            PathOf(file.Data.DataFile), file.Data.DataFile.RecordCount, runs[RunFolder.RunOf(file.Data.DataFile.FilePath)], file.Data.SequenceNumber ?? 0))];
    }

    /// <summary>All rows of a table, in the order of commits, without those that are deleted.</summary>
    public async Task<List<Dictionary<string, object?>>> RowsAsync(string table)
    {
        var rows = new List<Dictionary<string, object?>>();
        foreach (var file in await ScanAsync(table))
        {
            var deleted = await RowReader.PositionsAsync(
                (location, _) => ValueTask.FromResult<Stream>(Services.GetRequiredService<TableFiles>().OpenRead(location)), new FileRows(file.Data.DataFile, [.. file.Deletes.Select(delete => delete.DataFile)]));
            var ofFile = await LakeRows.ReadAsync(Services.GetRequiredService<LakeDirectory>().Resolve(PathOf(file.Data.DataFile)));
            ofFile.Count.ShouldBe((int)file.Data.DataFile.RecordCount);
            rows.AddRange(ofFile.Where((_, position) => !deleted.Contains(position)));
        }

        return rows;
    }

    private string PathOf(DataFile file) => Services.GetRequiredService<TableFiles>().PathOf(file.FilePath);

    private async Task<List<ScanFile>> ScanAsync(string table)
    {
        if (await TableAsync(table) is not { } found)
        {
            return [];
        }

        var files = await new ScanPlanner(Services.GetRequiredService<TableFiles>()).PlanAsync(found.Metadata, found.Metadata.CurrentSnapshot).ToListAsync();
        return [.. files.OrderBy(file => file.Data.SequenceNumber).ThenBy(file => file.Data.DataFile.FilePath, StringComparer.Ordinal)];
    }

    /// <summary>One column of all rows, ordered.</summary>
    public async Task<List<object?>> ColumnAsync(string table, string column) => [.. (await RowsAsync(table)).Select(row => row[column]).Order()];

    /// <summary>Every file under RAW, staged ones too.</summary>
    public IReadOnlyList<string> FilesOnDisk() => FilesOnDisk("raw");

    /// <summary>Every file in a folder of the lake, staged ones too.</summary>
    public IReadOnlyList<string> FilesOnDisk(string folder) => Directory.Exists(Path.Combine(LakeFolder, folder))
        ? Directory.GetFiles(Path.Combine(LakeFolder, folder), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }) : [];

    public Task<List<Notice>> NoticesAsync() => ReadLedgerAsync(context => context.Notices.AsNoTracking().OrderBy(row => row.RaisedAt).ThenBy(row => row.Id).ToListAsync());

    public async Task<List<NoticeEvent>> EventsAsync() => [.. (await NoticesAsync()).Select(notice => notice.Event).Where(happening => happening != NoticeEvent.Succeeded)];

    public async Task<T> ReadLedgerAsync<T>(Func<LedgerContext, Task<T>> read)
    {
        await using var context = await Services.GetRequiredService<IDbContextFactory<LedgerContext>>().CreateDbContextAsync();
        return await read(context);
    }

    public Task PublishAsync(object message) => Services.GetRequiredService<IBus>().Publish(message);

    public Task<Backfill> BackfillAsync(string table, DateTimeOffset from, DateTimeOffset to) =>
        Services.GetRequiredService<ScheduleStore>().RequestBackfillAsync(Pipeline, table, new Window(from, to), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (host is not null)
        {
            await StopAsync();
        }

        await database.DisposeAsync();
        Folder.Dispose();
    }

    private Task<string> StateAsync() =>
        database.ScalarAsync<string>("SELECT coalesce(string_agg(id || status || attempt || coalesce(dispatched_at::text, ''), ',' ORDER BY id), '') FROM datalake.runs");
}

/// <summary>A data file of a table.</summary>
/// <param name="Path">Where it lies in the lake.</param>
/// <param name="Rows">Its rows, deleted ones included.</param>
/// <param name="Run">The run that wrote it.</param>
/// <param name="SequenceNumber">The table's commit that added it.</param>
internal sealed record TableFile(string Path, long Rows, Run Run, long SequenceNumber);
