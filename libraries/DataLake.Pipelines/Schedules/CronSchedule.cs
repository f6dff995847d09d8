using DataLake.Pipelines.Zones;
using Quartz;

namespace DataLake.Pipelines.Schedules;

/// <summary>
/// Times on the wall clock. Quartz's expression is asked in UTC, which it takes for a clock that never changes; what happens where
/// the real clock does is decided here, see <see cref="Schedule"/>.
/// </summary>
internal sealed class CronSchedule(string text, CronExpression expression, bool everyHour) : Schedule(text)
{
    private readonly CronExpression wallClock = expression.WithTimeZone(TimeZoneInfo.Utc);

    public override DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone) =>
        everyHour ? NextOfEveryHour(after, zone) : NextOfSomeHours(after, zone);

    /// <summary>Whether there is any time at all that matches (30 February is none).</summary>
    public static bool EverComes(CronExpression expression) =>
        expression.WithTimeZone(TimeZoneInfo.Utc).GetNextValidTimeAfter(DateTimeOffset.UnixEpoch.AddSeconds(-1)) is not null;

    private DateTimeOffset? NextOfSomeHours(DateTimeOffset after, TimeZoneInfo zone)
    {
        for (var local = NextLocal(ZoneClock.LocalAt(after, zone)); local is { } time; local = NextLocal(time))
        {
            // The second showing of a repeated time, and what a gap already made due, lie behind us.
            var instant = ZoneClock.FirstInstant(time, zone);
            if (instant > after)
            {
                return instant;
            }
        }

        return null;
    }

    // Walks from one clock change to the next; between two changes, wall clock and instants differ by a constant.
    private DateTimeOffset? NextOfEveryHour(DateTimeOffset after, TimeZoneInfo zone)
    {
        var from = ZoneClock.LocalAt(after, zone);
        while (NextLocal(from) is { } time)
        {
            var candidate = new DateTimeOffset(time, TimeSpan.Zero) - ZoneClock.OffsetAt(after, zone);
            if (ZoneClock.NextChange(after, candidate, zone) is not { } change)
            {
                return candidate;
            }

            var resumed = ZoneClock.LocalAt(change, zone);
            if (time < resumed)
            {
                return change;
            }

            after = change;
            from = resumed.AddTicks(-1);
        }

        return null;
    }

    // Quartz cannot look beyond the last year there is.
    private DateTime? NextLocal(DateTime local) =>
        local.Year >= DateTime.MaxValue.Year - 1 ? null : wallClock.GetNextValidTimeAfter(new DateTimeOffset(local, TimeSpan.Zero))?.DateTime;
}
