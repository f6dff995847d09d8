namespace DataLake.SampleSource;

internal enum TrafficKind
{
    Insert,
    Update,
    Delete,
}

/// <summary>One thing an application does.</summary>
/// <param name="Kind">What.</param>
/// <param name="Table">To which table.</param>
/// <param name="Place">Which row: the first at or after this fraction of the key's range.</param>
/// <param name="Change">A number for the new values.</param>
/// <param name="Hold">How long the transaction stays open after its statement; zero commits at once.</param>
internal sealed record TrafficOperation(TrafficKind Kind, TrafficTable Table, double Place, int Change, TimeSpan Hold)
{
    // The rest of the bound is for the statement itself and the commit.
    private const double HoldShare = 0.8;

    internal static TrafficOperation Choose(long number, SampleTrafficOptions options)
    {
        var random = new SampleRandom(options.Seed, stream: 1000, number);
        var choice = random.Fraction();
        var kind = choice < 0.40 ? TrafficKind.Insert : choice < 0.92 ? TrafficKind.Update : TrafficKind.Delete;
        var isLate = random.Chance(options.LateShare) && kind != TrafficKind.Delete;
        var hold = options.MaxLateness * HoldShare * (0.3 + (0.7 * random.Fraction()));
        return new TrafficOperation(
            kind, random.Pick(TrafficTable.All), random.Fraction(), random.Between(1, 1_000_000), isLate ? hold : TimeSpan.Zero);
    }
}
