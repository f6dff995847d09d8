using DataLake.Contracts;
using DataLake.Extractor.Extraction;
using DataLake.Extractor.Files;
using DataLake.Extractor.Memory;
using DataLake.Ledger.Model;
using DataLake.Parquet.Reading;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Governor;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.Storage;
using DataLake.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace DataLake.Services.Tests.Extractor;

/// <summary>How long a read keeps its instant: an open snapshot keeps the source from cleaning up. While a check is held up here, other tests would publish files the slow way.</summary>
[CollectionDefinition(nameof(LeavingSnapshotTests), DisableParallelization = true)]
[Collection(nameof(LeavingSnapshotTests))]
public sealed class LeavingSnapshotTests(TestPostgres postgres) : IAsyncLifetime
{
    private const string Session = "leaving a snapshot";
    private const int Connections = 3;

    // A smaller table is read over one connection.
    private const int Rows = 300_000;

    private readonly TemporaryFolder folder = new();

    // Files are checked once it is set.
    private readonly ManualResetEventSlim check = new();
    private TestDatabase source = null!;
    private SourceConnections connections = null!;
    private SourceSnapshot snapshot = null!;

    public async ValueTask InitializeAsync()
    {
        source = await postgres.CreateDatabaseAsync();
        await source.ExecuteAsync($"CREATE TABLE things (id int PRIMARY KEY); INSERT INTO things SELECT generate_series(1, {Rows})");
        connections = new SourceConnections(source.ConnectionString, Connections, Session);
        snapshot = await SourceSnapshot.TakeAsync(connections, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await snapshot.DisposeAsync();
        await source.DisposeAsync();
        check.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task The_source_is_left_alone_while_the_last_files_are_checked()
    {
        // As many files of a process are published beside their connections as it has cores.
        var chunks = Math.Min(Environment.ProcessorCount, 2);
        var work = await WorkAsync(chunks);
        var reading = ReadAsync(work, isLast: true);
        try
        {
            await Eventually.Async(async () => await SessionsAsync() == 0);
            reading.IsCompleted.ShouldBeFalse();
            work.Files.ShouldBeEmpty();
        }
        finally
        {
            check.Set();
            await reading;
        }

        work.Files.Count.ShouldBe(chunks);
        work.Files.Sum(file => file.Rows).ShouldBe(Rows);
        work.Files.ShouldAllBe(file => File.Exists(folder.In($"lake/{file.Path}")));
    }

    [Fact]
    public async Task Where_another_table_is_read_at_the_same_instant_the_connections_stay()
    {
        check.Set();
        await ReadAsync(await WorkAsync(chunks: Connections), isLast: false);
        (await SessionsAsync()).ShouldBe(Connections);

        // One is enough for a table that is one chunk: the others are of no use any more.
        var last = await WorkAsync(chunks: 1);
        await ReadAsync(last, isLast: true);
        (await SessionsAsync()).ShouldBe(0);
        last.Files.Sum(file => file.Rows).ShouldBe(Rows);
    }

    private Task<long> SessionsAsync() => source.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%{Session}%'");

    private async Task<ChunkWork> WorkAsync(int chunks)
    {
        var table = await TableInspector.InspectAsync(snapshot.Owner, TableName.TryParse("public.things")!, CancellationToken.None);
        var cuts = await ChunkPlanner.PlanAsync(snapshot.Owner, table, new ChunkRule.Bounds("id", 1, Rows, chunks), null, Connections, CancellationToken.None);
        var mapping = ColumnMapping.Of(table.Columns[0], 1);
        var run = new Run { Id = Guid.CreateVersion7(), Pipeline = "test", Table = "public.things", Attempt = 1 };
        return new ChunkWork(run, table, [mapping with { BindBack = values => Checked(mapping.BindBack, values) }], cuts, $"raw/{run.Id}", _ => { });
    }

    private ColumnEncoder Checked(Func<ColumnValues, ColumnEncoder> bind, ColumnValues values)
    {
        check.Wait();
        return bind(values);
    }

    private async Task ReadAsync(ChunkWork work, bool isLast)
    {
        var options = new ExtractorOptions();
        var budget = new MemoryBudget(Options.Create(options), TimeProvider.System, NullLogger<MemoryBudget>.Instance);
        using var memory = await budget.BeginAsync(work.Run.Id, CancellationToken.None);
        var pace = new ReadPace(new SourceGovernor("test", connections, DefinitionDefaults.Limits, TimeProvider.System, _ => { }, _ => { }), Session, TimeSpan.FromMinutes(5));
        await new ChunkReading(new LakeDirectory(folder.In("lake")), options, new LargeRows(), memory, pace, TimeProvider.System, NullLogger.Instance)
            .ReadAsync(snapshot, work, isLast, CancellationToken.None);
    }
}
