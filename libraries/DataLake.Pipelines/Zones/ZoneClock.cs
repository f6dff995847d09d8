namespace DataLake.Pipelines.Zones;

/// <summary>
/// What the wall clock of a time zone shows, built from one question only (the offset at an instant), so that gaps, repeated hours,
/// half-hour changes and skipped days all follow from the same few lines.
/// </summary>
internal static class ZoneClock
{
    // No zone is further from UTC than 14 hours, so no clock change is larger than 28.
    private static readonly TimeSpan LargestOffset = TimeSpan.FromHours(14);
    private static readonly TimeSpan LargestChange = LargestOffset * 2;

    // Clock changes are days apart at the least; looking every hour misses none.
    private static readonly long ProbeTicks = TimeSpan.TicksPerHour;

    /// <summary>What the clock shows at <paramref name="instant"/>.</summary>
    public static DateTime LocalAt(DateTimeOffset instant, TimeZoneInfo zone) =>
        new(Clamp(instant.UtcTicks + OffsetAt(instant.UtcTicks, zone)));

    /// <summary>
    /// The first instant at which the clock shows <paramref name="local"/> or later: the earlier one where that time comes twice,
    /// and the end of the gap where it never comes. Never decreases as <paramref name="local"/> grows.
    /// </summary>
    public static DateTimeOffset FirstInstant(DateTime local, TimeZoneInfo zone)
    {
        var wanted = local.Ticks;
        var utc = Clamp(wanted - LargestOffset.Ticks - 1);
        while (true)
        {
            var offset = OffsetAt(utc, zone);
            var candidate = Clamp(wanted - offset);
            if (NextChange(utc, candidate, zone) is not { } change)
            {
                return Instant(candidate);
            }

            if (change + OffsetAt(change, zone) >= wanted)
            {
                return Instant(change);
            }

            utc = change;
        }
    }

    /// <summary>
    /// The earliest time the clock can still show at <paramref name="instant"/> or later. It stands still during the time before a
    /// fall-back that will be repeated. Never decreases as <paramref name="instant"/> grows.
    /// </summary>
    public static DateTime EarliestLocalFrom(DateTimeOffset instant, TimeZoneInfo zone)
    {
        var utc = instant.UtcTicks;
        var earliest = utc + OffsetAt(utc, zone);
        var until = Clamp(utc + LargestChange.Ticks);
        while (NextChange(utc, until, zone) is { } change)
        {
            earliest = Math.Min(earliest, change + OffsetAt(change, zone));
            utc = change;
        }

        return new DateTime(Clamp(earliest));
    }

    /// <summary>The first instant in <c>(after, until]</c> at which the clock is changed, or null.</summary>
    public static DateTimeOffset? NextChange(DateTimeOffset after, DateTimeOffset until, TimeZoneInfo zone) =>
        NextChange(after.UtcTicks, until.UtcTicks, zone) is { } ticks ? Instant(ticks) : null;

    /// <summary>The clock's distance from UTC at <paramref name="instant"/>.</summary>
    public static TimeSpan OffsetAt(DateTimeOffset instant, TimeZoneInfo zone) => new(OffsetAt(instant.UtcTicks, zone));

    private static long? NextChange(long after, long until, TimeZoneInfo zone)
    {
        if (ReferenceEquals(zone, TimeZoneInfo.Utc))
        {
            return null;
        }

        var offset = OffsetAt(after, zone);
        for (var low = after; low < until;)
        {
            var high = Math.Min(low + ProbeTicks, until);
            if (OffsetAt(high, zone) != offset)
            {
                return Bisect(low, high, offset, zone);
            }

            low = high;
        }

        return null;
    }

    // The first tick after `low` whose offset is not that of `low`.
    private static long Bisect(long low, long high, long offset, TimeZoneInfo zone)
    {
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            if (OffsetAt(middle, zone) == offset)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return high;
    }

    private static long OffsetAt(long utcTicks, TimeZoneInfo zone) => zone.GetUtcOffset(new DateTime(Clamp(utcTicks), DateTimeKind.Utc)).Ticks;

    private static DateTimeOffset Instant(long ticks) => new(Clamp(ticks), TimeSpan.Zero);

    private static long Clamp(long ticks) => Math.Clamp(ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
}
