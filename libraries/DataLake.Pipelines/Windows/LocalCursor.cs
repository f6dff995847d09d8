using DataLake.Pipelines.Zones;

namespace DataLake.Pipelines.Windows;

/// <summary>
/// Window bounds for a cursor column that holds wall-clock times (<c>timestamp without time zone</c>).
/// A wall clock is not a measure of time: it jumps forward, and once a year it shows an hour twice. Comparing such a column with the local time
/// of a bound loses or doubles rows there. This map does neither.
/// </summary>
public static class LocalCursor
{
    /// <summary>
    /// The wall-clock bound of a window bound: the earliest time that the clock can still show at <paramref name="instant"/> or later.
    /// </summary>
    /// <remarks>
    /// <para>The map never decreases. So the windows <c>[a, b)</c> and <c>[b, c)</c> become <c>[h(a), h(b))</c> and <c>[h(b), h(c))</c>: every row
    /// belongs to exactly one of them.</para>
    /// <para>A row below <c>h(b)</c> cannot be written with a clock reading any more once <c>b</c> has passed. In the hour before a fall-back,
    /// which will
    /// be shown a second time, the bound stays at the start of that hour: windows there are empty, and the one that holds the end of the
    /// second showing reads both.</para>
    /// </remarks>
    /// <param name="instant">A bound of a window; <see cref="Contracts.Window.Beginning"/> becomes <see cref="DateTime.MinValue"/>.</param>
    /// <param name="zone">The zone whose clock the column shows.</param>
    /// <returns>The bound, of kind <see cref="DateTimeKind.Unspecified"/>.</returns>
    public static DateTime ToLocal(DateTimeOffset instant, TimeZoneInfo zone) =>
        instant == Contracts.Window.Beginning ? DateTime.MinValue : ZoneClock.EarliestLocalFrom(instant, zone);
}
