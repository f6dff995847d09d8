using DataLake.Pipelines.Zones;

namespace DataLake.Pipelines.Windows;

/// <summary>
/// How long a window is, and where windows begin. A multiple of 24 hours means calendar days of a time zone: boundaries are at local midnight
/// (the first instant of the day where midnight is skipped), and days are counted from 1970-01-01, a Thursday. Any other length has its
/// boundaries at multiples of it since 1970-01-01 00:00 UTC, in every time zone.
/// </summary>
public sealed record WindowSize
{
    private static readonly DateTime LocalEpoch = DateTime.UnixEpoch;

    /// <summary>A size.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is under a second or not whole seconds.</exception>
    public WindowSize(TimeSpan length)
    {
        if (length < TimeSpan.FromSeconds(1) || length.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, "A window is a whole number of seconds, at least one.");
        }

        Length = length;
    }

    /// <summary>The length; of calendar days, that of days of 24 hours.</summary>
    public TimeSpan Length { get; }

    /// <summary>Whether boundaries are at local midnight.</summary>
    public bool IsCalendarDays => Length.Ticks % TimeSpan.TicksPerDay == 0;

    /// <summary>The last boundary at or before <paramref name="instant"/>.</summary>
    public DateTimeOffset Floor(DateTimeOffset instant, TimeZoneInfo zone) => Boundary(LastAtOrBefore(instant, zone), zone);

    /// <summary>The first boundary after <paramref name="after"/>.</summary>
    public DateTimeOffset NextBoundary(DateTimeOffset after, TimeZoneInfo zone) => Boundary(LastAtOrBefore(after, zone) + 1, zone);

    // Boundaries are numbered; number 0 is the epoch. Where a zone skipped a whole day, two numbers share an instant:
    // the later one is "last at or before", so that the one after it is always a later instant.
    private long LastAtOrBefore(DateTimeOffset instant, TimeZoneInfo zone)
    {
        if (!IsCalendarDays)
        {
            return FloorDivide(instant.UtcTicks - DateTimeOffset.UnixEpoch.Ticks);
        }

        var number = FloorDivide((ZoneClock.LocalAt(instant, zone) - LocalEpoch).Ticks);
        while (Boundary(number + 1, zone) is var next && next <= instant && next < DateTimeOffset.MaxValue)
        {
            number++;
        }

        while (Boundary(number, zone) > instant)
        {
            number--;
        }

        return number;
    }

    private DateTimeOffset Boundary(long number, TimeZoneInfo zone)
    {
        var ticks = ((Int128)number * Length.Ticks) + LocalEpoch.Ticks;
        return ticks <= DateTime.MinValue.Ticks ? DateTimeOffset.MinValue
            : ticks >= DateTime.MaxValue.Ticks ? DateTimeOffset.MaxValue
            : IsCalendarDays ? ZoneClock.FirstInstant(new DateTime((long)ticks), zone)
            : new DateTimeOffset((long)ticks, TimeSpan.Zero);
    }

    private long FloorDivide(long ticks) => Math.DivRem(ticks, Length.Ticks, out var rest) - (rest < 0 ? 1 : 0);
}
