using System.Diagnostics.CodeAnalysis;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;

namespace DataLake.Postgres.Governor;

/// <summary>
/// Decides how fast one source may be read by all runs of this process. It measures at most every <see cref="Interval"/>, and only while a run is under way. What it cannot see stops nothing,
/// and is told once.
/// </summary>
/// <param name="pipeline">Whose source it is.</param>
/// <param name="connections">The connections that the source is read over.</param>
/// <param name="limits">How busy the source may be.</param>
/// <param name="time">The clock of its pauses.</param>
/// <param name="onChange">Told of every change of pace.</param>
/// <param name="onBlind">Told, once each, what cannot be seen and what to do about it.</param>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore that is only awaited has nothing to dispose; the connection is closed when the last run leaves.")]
public sealed class SourceGovernor(
    string pipeline, SourceConnections connections, SourceLimits limits, TimeProvider time, Action<PaceChange> onChange, Action<string> onBlind)
{
    /// <summary>The time between two measurements.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim gate = new(1);
    private readonly LoadProbe probe = new(connections.Named(ApplicationName.Of("governor", pipeline)));
    private readonly PaceRule rule = new(limits);
    private readonly Lock change = new();
    private readonly Dictionary<string, long> blocking = [];
    private readonly HashSet<string> told = [];
    private long? measuredAt;
    private int runs;
    private volatile Pace pace;
    private volatile string reason = "";

    /// <summary>The pace now.</summary>
    public Pace Pace => pace;

    /// <summary>Why it is not full.</summary>
    internal string Reason => reason;

    internal SourceConnections Connections => connections;

    internal SourceLimits Limits => limits;

    internal TimeProvider Time => time;

    /// <summary>How long others have waited for locks of the sessions of that name, as far as it was seen.</summary>
    internal TimeSpan BlockingOf(string applicationName)
    {
        lock (change)
        {
            return blocking.TryGetValue(applicationName, out var since) ? time.GetElapsedTime(since) : TimeSpan.Zero;
        }
    }

    /// <summary>A run begins: measures where the last measurement is old.</summary>
    internal async Task EnterAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref runs);
        try
        {
            await RefreshAsync(cancellation);
        }
        catch
        {
            await LeaveAsync();
            throw;
        }
    }

    /// <summary>A run has ended; with the last one, the connection is closed.</summary>
    internal async Task LeaveAsync()
    {
        Interlocked.Decrement(ref runs);
        await gate.WaitAsync();
        try
        {
            if (Volatile.Read(ref runs) == 0)
            {
                await probe.CloseAsync();
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Measures, unless that was done a moment ago.</summary>
    internal async Task RefreshAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            if (measuredAt is { } at && time.GetElapsedTime(at) < Interval)
            {
                return;
            }

            var load = await probe.MeasureAsync(cancellation);
            measuredAt = time.GetTimestamp();
            Take(load);
        }
        catch (SourceException error)
        {
            measuredAt = time.GetTimestamp();
            TellOnce("measure", $"Its load cannot be measured, so nothing but max_connections limits reading: {error.Message}");
        }
        finally
        {
            gate.Release();
        }
    }

    private void Take(SourceLoad load)
    {
        lock (change)
        {
            foreach (var name in blocking.Keys.Except(load.Blockers).ToList())
            {
                blocking.Remove(name);
            }

            foreach (var name in load.Blockers)
            {
                blocking.TryAdd(name, time.GetTimestamp());
            }
        }

        if (rule.Take(load) is { } changed)
        {
            reason = changed.Reason;
            pace = changed.To;
            onChange(changed);
        }

        if (load.Hidden)
        {
            TellOnce("hidden", "What other users' sessions and its standbys do is hidden from the source's user, so that active sessions, lock waits and replica lag cannot hold reading back. Run: GRANT pg_read_all_stats TO <user>;");
        }
    }

    private void TellOnce(string what, string text)
    {
        if (told.Add(what))
        {
            onBlind(text);
        }
    }
}
