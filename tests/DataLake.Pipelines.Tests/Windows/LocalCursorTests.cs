using DataLake.Contracts;
using DataLake.Pipelines.Tests.Support;
using DataLake.Pipelines.Windows;
using FsCheck;
using FsCheck.Fluent;

namespace DataLake.Pipelines.Tests.Windows;

public class LocalCursorTests
{
    private static readonly Gen<(TimeZoneInfo Zone, DateTimeOffset Instant, int[] Minutes)> Cases =
        from zone in Arbitrary.Zone from instant in Arbitrary.InstantIn(zone) from minutes in Gen.Choose(1, 600).ArrayOf(8) select (zone, instant, minutes);

    [Fact]
    public void A_bound_is_the_earliest_time_the_clock_can_still_show() => Arbitrary.Holds(Cases, item =>
    {
        // Clocks are changed at whole quarters of an hour, so looking at those (and at the instant itself) misses no fall-back.
        var quarter = new DateTimeOffset(item.Instant.Ticks - (item.Instant.Ticks % (15 * TimeSpan.TicksPerMinute)), TimeSpan.Zero);
        var shown = Enumerable.Range(1, 4 * 30).Select(index => Show(quarter.AddMinutes(15 * index), item.Zone)).Append(Show(item.Instant, item.Zone));

        LocalCursor.ToLocal(item.Instant, item.Zone).ShouldBe(shown.Min());
    }, 1000);

    [Fact]
    public void Bounds_never_go_back() => Arbitrary.Holds(Cases, item =>
    {
        var bounds = Instants(item.Instant, item.Minutes).Select(instant => LocalCursor.ToLocal(instant, item.Zone)).ToList();
        bounds.ShouldBe(bounds.Order());
    }, 1000);

    [Fact]
    public void Every_row_is_read_once_and_after_the_last_moment_it_could_be_written() => Arbitrary.Holds(Cases, item =>
    {
        var bounds = Instants(item.Instant, item.Minutes).Select(instant => (Instant: instant, Local: LocalCursor.ToLocal(instant, item.Zone))).ToList();
        var length = bounds[^1].Instant - bounds[0].Instant + TimeSpan.FromHours(4);
        for (var part = 0; part < 200; part++)
        {
            var written = bounds[0].Instant.AddHours(-2) + (length * (part / 200.0));
            var row = Show(written, item.Zone);

            var readers = bounds.Zip(bounds.Skip(1)).Where(window => window.First.Local <= row && row < window.Second.Local).ToList();

            readers.Count.ShouldBe(row >= bounds[0].Local && row < bounds[^1].Local ? 1 : 0);
            readers.TrueForAll(window => written < window.Second.Instant).ShouldBeTrue();
        }
    });

    [Fact]
    public void The_hour_that_comes_twice_is_read_when_it_is_over()
    {
        // Amsterdam, 2024-10-27: 03:00 CEST becomes 02:00 CET at 01:00 UTC.
        Local("2024-10-26T23:59:00Z").ShouldBe("2024-10-27 01:59");
        Local("2024-10-27T00:00:00Z").ShouldBe("2024-10-27 02:00");
        Local("2024-10-27T00:30:00Z").ShouldBe("2024-10-27 02:00");
        Local("2024-10-27T01:00:00Z").ShouldBe("2024-10-27 02:00");
        Local("2024-10-27T01:30:00Z").ShouldBe("2024-10-27 02:30");
        Local("2024-10-27T02:00:00Z").ShouldBe("2024-10-27 03:00");

        static string Local(string instant) => LocalCursor.ToLocal(DateTimeOffset.Parse(instant, null), DifficultZones.Amsterdam).ToString("yyyy-MM-dd HH:mm", null);
    }

    [Fact]
    public void The_beginning_stays_the_beginning() =>
        LocalCursor.ToLocal(Window.Beginning, DifficultZones.NewYork).ShouldBe(DateTime.MinValue);

    [Fact]
    public void A_bound_has_no_kind() =>
        LocalCursor.ToLocal(DateTimeOffset.UnixEpoch, TimeZoneInfo.Utc).Kind.ShouldBe(DateTimeKind.Unspecified);

    private static IEnumerable<DateTimeOffset> Instants(DateTimeOffset start, int[] minutes)
    {
        yield return start;
        foreach (var count in minutes)
        {
            start = start.AddMinutes(count);
            yield return start;
        }
    }

    private static DateTime Show(DateTimeOffset instant, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(instant, zone).DateTime;
}
