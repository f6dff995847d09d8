using DataLake.Contracts;
using DataLake.Ledger.Columns;
using DataLake.Ledger.Commits;
using DataLake.Ledger.Database;
using DataLake.Ledger.Definitions;
using DataLake.Ledger.Model;
using DataLake.Ledger.Notices;
using DataLake.Ledger.Runs;
using DataLake.Ledger.Scheduling;
using DataLake.Testing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DataLake.Services.Tests.Hosting;

/// <summary>A pipeline of a test's own in a shared ledger, with the stores that work on it and a clock that the test moves.</summary>
internal sealed class TestLedger
{
    public const string Table = "public.items";
    public static readonly DateTimeOffset Day = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    public static readonly RetryPolicy TwoRetries = new(2, TimeSpan.FromSeconds(10));

    private TestLedger(IDbContextFactory<LedgerContext> contexts, NpgsqlDataSource source)
    {
        Contexts = contexts;
        Plans = new RunPlans(contexts, Time);
        Claims = new RunClaims(contexts, Time);
        Queries = new RunQueries(contexts);
        Commits = new TableCommits(contexts, new LedgerLocks(source), Time);
        Columns = new TableColumns(contexts, Time);
        Notices = new NoticeStore(contexts, Time);
        Schedules = new ScheduleStore(contexts, Time);
        Definitions = new DefinitionStore(contexts, Time);
    }

    public string Pipeline { get; } = $"p-{Guid.NewGuid():n}";

    public ManualTimeProvider Time { get; } = new(Day.AddDays(1));

    public IDbContextFactory<LedgerContext> Contexts { get; }

    public RunPlans Plans { get; }

    public RunClaims Claims { get; }

    public RunQueries Queries { get; }

    public TableCommits Commits { get; }

    public TableColumns Columns { get; }

    public NoticeStore Notices { get; }

    public ScheduleStore Schedules { get; }

    public DefinitionStore Definitions { get; }

    public static async Task<TestLedger> OfAsync(LedgerTestDatabase shared)
    {
        var ledger = new TestLedger(shared.Contexts, shared.Database.DataSource);
        // Not by ApplyAsync: that would mark the pipelines of other tests as removed.
        await ledger.ChangeAsync(context => context.Definitions.Add(new AppliedDefinition
        {
            Pipeline = ledger.Pipeline, Version = 1, Hash = "1", Text = "text", FileName = "file.yaml", AppliedAt = Day,
        }));
        return ledger;
    }

    /// <summary>The hour of the day as a window: 0 is [00:00, 01:00).</summary>
    public static Window Hour(int hour) => new(Day.AddHours(hour), Day.AddHours(hour + 1));

    public async Task ChangeAsync(Action<LedgerContext> change)
    {
        await using var context = await Contexts.CreateDbContextAsync();
        change(context);
        await context.SaveChangesAsync();
    }

    public async Task<T> ReadAsync<T>(Func<LedgerContext, Task<T>> read)
    {
        await using var context = await Contexts.CreateDbContextAsync();
        return await read(context);
    }

    public Run NewRun(Window window, RunKind kind = RunKind.Incremental, Guid backfill = default) => new()
    {
        Id = Guid.CreateVersion7(), Pipeline = Pipeline, Table = Table, Kind = kind, WindowFrom = window.From, WindowTo = window.To,
        BackfillId = backfill, DefinitionVersion = 1, PlannedAt = Time.GetUtcNow(), DueAt = Time.GetUtcNow(),
    };

    /// <summary>Adds a planned run.</summary>
    public async Task<Run> PlanAsync(Window window, RunKind kind = RunKind.Incremental)
    {
        var run = NewRun(window, kind, kind == RunKind.Backfill ? Guid.CreateVersion7() : Guid.Empty);
        var plannedTo = (await Plans.ProgressAsync(Pipeline, Table, CancellationToken.None)).PlannedTo;
        (await Plans.AddAsync([run], plannedTo, CancellationToken.None)).ShouldBe(1);
        return run;
    }

    public async Task<Run> ClaimAsync(Run run, string worker = "worker") =>
        (await Claims.ClaimAsync(run.Id, worker, Lease, CancellationToken.None)).ShouldNotBeNull();

    public static RunReceipt Receipt(Run claimed, params long[] rowsOfFiles) => new(
        [.. rowsOfFiles.Select((rows, number) => new RunFile
        {
            RunId = claimed.Id, Attempt = claimed.Attempt, Number = number, Path = $"raw/{claimed.Id}/part-{claimed.Attempt}-{number}.parquet",
            Rows = rows, Bytes = rows * 10, ContentHash = new ContentHash((UInt128)rows).ToString(), Sha256 = "00",
        })], "0/1");

    /// <summary>Plans, claims and extracts a run.</summary>
    public async Task<Run> ExtractAsync(Window window, RunKind kind = RunKind.Incremental, params long[] rowsOfFiles)
    {
        var claimed = await ClaimAsync(await PlanAsync(window, kind));
        (await Claims.RecordExtractedAsync(claimed.Id, claimed.Attempt, Receipt(claimed, rowsOfFiles), CancellationToken.None)).ShouldBeTrue();
        return claimed;
    }

    /// <summary>The runs of the table whose turn it is.</summary>
    public async Task<IReadOnlyList<Guid>> ReadyAsync(int limit = 100) =>
        [.. (await Commits.ReadyAsync(Pipeline, Table, limit, CancellationToken.None)).Select(ready => ready.Run.Id)];

    /// <summary>Notes a run as committed if it is its turn, as an updater does that has put it into the table.</summary>
    public async Task<bool> CommitAsync(Run run) =>
        (await ReadyAsync()).Contains(run.Id) && (await Commits.MarkCommittedAsync([run.Id], 1, announce: false, CancellationToken.None)).Count == 1;

    public async Task<Run> FindAsync(Run run) => (await Queries.FindAsync(run.Id, CancellationToken.None)).ShouldNotBeNull();

    public Task<List<Notice>> NoticesAsync() =>
        ReadAsync(context => context.Notices.AsNoTracking().Where(row => row.Pipeline == Pipeline).OrderBy(row => row.RaisedAt).ThenBy(row => row.Id).ToListAsync());
}
