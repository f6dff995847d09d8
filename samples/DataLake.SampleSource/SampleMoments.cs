namespace DataLake.SampleSource;

/// <summary>When a row was created and last updated: created evenly over the 30 days, updated later in about a third of the rows.</summary>
internal readonly record struct SampleMoments(DateTime Created, DateTime Updated)
{
    private static readonly TimeSpan Span = TimeSpan.FromDays(30);
    private const double UpdatedShare = 0.35;

    internal DateOnly CreatedDay => DateOnly.FromDateTime(Created);

    internal static SampleMoments Of(long row, long rows, DateTime asOf, ref SampleRandom random)
    {
        var created = Back(asOf, Span * (1 - ((row - 1 + random.Fraction()) / rows)));
        var updated = random.Chance(UpdatedShare) ? Back(asOf, (asOf - created) * random.Fraction()) : created;
        return new SampleMoments(created, updated);
    }

    /// <summary>A moment at most <paramref name="limit"/> later, if that is not after the last update.</summary>
    internal DateTime? AfterCreation(TimeSpan limit, ref SampleRandom random)
    {
        var moment = Created + new TimeSpan((long)(limit.Ticks * random.Fraction()) / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond);
        return moment <= Updated ? moment : null;
    }

    // PostgreSQL keeps microseconds.
    private static DateTime Back(DateTime from, TimeSpan by) => from.AddTicks(-(by.Ticks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond));
}
