using DataLake.Pipelines.Definitions;

namespace DataLake.Postgres.Governor;

/// <summary>
/// Turns measurements into a pace. One measurement above a limit is enough to wait. The way back goes step by step, each time with all measures at most 80 % of their limits (wait, slow, full), so that
/// a load that hovers about a limit does not make reading flap.
/// </summary>
internal sealed class PaceRule(SourceLimits limits)
{
    private const double Calm = 0.8;

    /// <summary>The pace after the last measurement.</summary>
    public Pace Pace { get; private set; }

    /// <summary>Takes a measurement.</summary>
    /// <returns>The change, or null where the pace stays.</returns>
    public PaceChange? Take(SourceLoad load)
    {
        var before = Pace;
        var above = Describe(load, 1);
        if (above.Length > 0)
        {
            Pace = Pace.Wait;
        }
        else if (Pace != Pace.Full && Describe(load, Calm).Length == 0)
        {
            Pace--;
        }

        return Pace == before ? null : new PaceChange(before, Pace, above.Length > 0 ? above : Describe(load, share: -1));
    }

    /// <summary>The measures that are above a share of their limits.</summary>
    private string Describe(SourceLoad load, double share)
    {
        var measures = new List<string>();
        if (load.ActiveSessions > limits.ActiveSessions * share)
        {
            measures.Add($"{load.ActiveSessions} active sessions (limit {limits.ActiveSessions})");
        }

        if (load.LockWaits > limits.LockWaits * share)
        {
            measures.Add($"{load.LockWaits} sessions wait for a lock (limit {limits.LockWaits})");
        }

        if (load.ReplicaLag is { } lag && lag > limits.ReplicaLag * share)
        {
            measures.Add($"a replica lag of {lag.TotalSeconds:0.#} s (limit {limits.ReplicaLag.TotalSeconds:0} s)");
        }

        return string.Join(", ", measures);
    }
}
