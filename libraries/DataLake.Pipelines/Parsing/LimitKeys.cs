using System.Text.Json.Nodes;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Shapes;

namespace DataLake.Pipelines.Parsing;

/// <summary>The keys of <c>limits</c>, of a source.</summary>
internal static class LimitKeys
{
    private static readonly SourceLimits Usual = DefinitionDefaults.Limits;

    private static readonly Dictionary<string, AfterPause> AfterPauses = new(StringComparer.Ordinal) { ["retry"] = AfterPause.Retry, ["slow"] = AfterPause.Slow };

    public static readonly Key<long> ActiveSessions = new(
        "active_sessions", Values.WholeNumber(1, 100_000), "Reading waits while more sessions than this run something (state active), DataLake's own not counted.")
    {
        Default = Usual.ActiveSessions,
        Examples = [40],
    };

    public static readonly Key<long> LockWaits = new(
        "lock_waits", Values.WholeNumber(0, 100_000), "Reading waits while more sessions than this wait for a lock.")
    {
        Default = Usual.LockWaits,
        Examples = [5],
    };

    public static readonly Key<TimeSpan> ReplicaLag = new(
        "replica_lag", Values.PositiveDuration, "Reading waits while the replica that is read (or, where the primary is read, one of its standbys) is further behind than this.")
    {
        Default = DurationText.Format(Usual.ReplicaLag),
        Examples = ["30s"],
    };

    public static readonly Key<TimeSpan> Blocking = new(
        "blocking", Values.PositiveDuration,
        "A run ends, and is tried again, when others have waited this long for a lock that it holds: an ALTER TABLE waits for every reader, and all queries after it wait for the ALTER TABLE.")
    {
        Default = DurationText.Format(Usual.Blocking),
        Examples = ["30s"],
    };

    public static readonly Key<TimeSpan> LockTimeout = new(
        "lock_timeout", Values.PositiveDuration, "How long reading waits for a lock of others; then the run is tried again later. A shorter lock_timeout of the user holds.")
    {
        Default = DurationText.Format(Usual.LockTimeout),
        Examples = ["10s"],
    };

    public static readonly Key<TimeSpan> MaxPause = new(
        "max_pause", Values.PositiveDuration,
        "How long a run waits in one go while it holds a snapshot, which keeps VACUUM from removing dead rows. Before it has taken one, it waits for up to half of its timeout.")
    {
        Default = DurationText.Format(Usual.MaxPause),
        Examples = ["5m"],
    };

    public static readonly Key<AfterPause> AfterPauseKey = new(
        "after_pause", new ChoiceShape<AfterPause>(AfterPauses), "What a run does after max_pause: it gives its snapshot back and is tried again (retry), or it goes on slowly (slow).")
    {
        Default = AfterPauses.First(choice => choice.Value == Usual.AfterPause).Key,
        Examples = ["retry"],
    };

    /// <summary>How busy the database may be.</summary>
    public static readonly Key<MappingReader> Limits = new(
        "limits", new MappingShape(
            "a mapping with limits such as active_sessions: 40", [ActiveSessions, LockWaits, ReplicaLag, Blocking, LockTimeout, MaxPause, AfterPauseKey]),
        "How busy the database may be while it is read. Above a limit nothing new is read and what is under way pauses, until it is well below again (docs/operations.md).")
    {
        DefaultInWords = "those below",
        Examples = [new JsonObject { ["active_sessions"] = Usual.ActiveSessions, ["replica_lag"] = DurationText.Format(Usual.ReplicaLag) }],
    };

    /// <summary>The limits of a source.</summary>
    public static SourceLimits Of(MappingReader source) => !source.TryGet(Limits, out var limits) ? Usual : new SourceLimits(
        (int)limits.Get(ActiveSessions, Usual.ActiveSessions),
        (int)limits.Get(LockWaits, Usual.LockWaits),
        limits.Get(ReplicaLag, Usual.ReplicaLag),
        limits.Get(Blocking, Usual.Blocking),
        limits.Get(LockTimeout, Usual.LockTimeout),
        limits.Get(MaxPause, Usual.MaxPause),
        limits.Get(AfterPauseKey, Usual.AfterPause));
}
