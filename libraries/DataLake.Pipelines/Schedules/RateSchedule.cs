namespace DataLake.Pipelines.Schedules;

/// <summary>Every so often, counted from the Unix epoch.</summary>
internal sealed class RateSchedule(string text, TimeSpan period) : Schedule(text)
{
    public override DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone)
    {
        var since = after.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        var count = Math.DivRem(since, period.Ticks, out var rest) + (rest < 0 ? 0 : 1);
        var next = DateTimeOffset.UnixEpoch.Ticks + ((Int128)count * period.Ticks);
        return next <= DateTimeOffset.MaxValue.Ticks ? new DateTimeOffset((long)next, TimeSpan.Zero) : null;
    }
}
