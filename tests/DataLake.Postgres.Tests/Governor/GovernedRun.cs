using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Governor;
using DataLake.Testing;

namespace DataLake.Postgres.Tests.Governor;

/// <summary>A governor of a server, whose clock the test moves, and what it said.</summary>
internal sealed class GovernedRun
{
    /// <summary>Limits that nothing exceeds, for a test to lower one of them.</summary>
    public static readonly SourceLimits Wide = new(
        ActiveSessions: 1000, LockWaits: 1000, ReplicaLag: TimeSpan.FromDays(1), Blocking: TimeSpan.FromDays(1), LockTimeout: TimeSpan.FromMinutes(1),
        MaxPause: TimeSpan.FromDays(1), AfterPause.Retry);

    private readonly List<PaceChange> changes = [];
    private readonly List<string> blind = [];

    public GovernedRun(string connectionString, SourceLimits limits, int maxConnections = 4)
    {
        Governor = new SourceGovernor("test", new SourceConnections(connectionString, maxConnections, "datalake test"), limits, Time, Keep(changes), Keep(blind));
        Pace = new ReadPace(Governor, ApplicationName.Of("extractor", "test", "public.things", "0123abcd"), TimeSpan.FromDays(10));
    }

    public ManualTimeProvider Time { get; } = new();

    public SourceGovernor Governor { get; }

    public ReadPace Pace { get; }

    public IReadOnlyList<PaceChange> Changes => Copy(changes);

    public IReadOnlyList<string> Blind => Copy(blind);

    /// <summary>Moves the clock from one measurement to the next until something holds.</summary>
    public Task AdvanceUntilAsync(Func<bool> holds) => Eventually.Async(() =>
    {
        if (holds())
        {
            return true;
        }

        Time.Advance(SourceGovernor.Interval);
        return false;
    }, TimeSpan.FromSeconds(30));

    /// <summary>Waits, with the clock moving, until something has ended.</summary>
    public async Task<T> EndAsync<T>(Task<T> task)
    {
        await AdvanceUntilAsync(() => task.IsCompleted);
        return await task;
    }

    private static Action<T> Keep<T>(List<T> list) => item =>
    {
        lock (list)
        {
            list.Add(item);
        }
    };

    private static List<T> Copy<T>(List<T> list)
    {
        lock (list)
        {
            return [.. list];
        }
    }
}
