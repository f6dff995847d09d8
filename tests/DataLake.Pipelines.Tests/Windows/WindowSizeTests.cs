using DataLake.Pipelines.Tests.Support;
using DataLake.Pipelines.Windows;
using FsCheck;
using FsCheck.Fluent;

namespace DataLake.Pipelines.Tests.Windows;

public class WindowSizeTests
{
    internal static readonly Gen<WindowSize> Sizes = Gen.Elements(
        "00:00:10", "00:05:00", "00:15:00", "01:00:00", "01:30:00", "07:00:00", "1.00:00:00", "1.12:00:00", "2.00:00:00", "7.00:00:00")
        .Select(text => new WindowSize(TimeSpan.Parse(text, null)));

    private static readonly Gen<(TimeZoneInfo Zone, WindowSize Size, DateTimeOffset Instant)> Cases =
        from zone in Arbitrary.Zone from size in Sizes from instant in Arbitrary.InstantIn(zone) select (zone, size, instant);

    [Fact]
    public void Every_instant_lies_between_two_boundaries_that_agree() => Arbitrary.Holds(Cases, item =>
    {
        var floor = item.Size.Floor(item.Instant, item.Zone);
        var next = item.Size.NextBoundary(item.Instant, item.Zone);

        floor.ShouldBeLessThanOrEqualTo(item.Instant);
        next.ShouldBeGreaterThan(item.Instant);
        item.Size.Floor(floor, item.Zone).ShouldBe(floor);
        item.Size.Floor(next, item.Zone).ShouldBe(next);
        item.Size.Floor(next.AddTicks(-1), item.Zone).ShouldBe(floor);
        item.Size.NextBoundary(floor, item.Zone).ShouldBe(next);
    }, 1000);

    [Fact]
    public void A_day_begins_at_the_first_instant_of_its_date() => Arbitrary.Holds(Cases, item =>
    {
        var day = new WindowSize(TimeSpan.FromDays(1));
        var boundary = day.Floor(item.Instant, item.Zone);

        var before = TimeZoneInfo.ConvertTime(boundary.AddTicks(-1), item.Zone).Date;
        var at = TimeZoneInfo.ConvertTime(boundary, item.Zone).Date;
        before.ShouldBeLessThan(at);
    }, 500);

    [Fact]
    public void Days_are_counted_from_1970_01_01_of_the_zone()
    {
        var week = new WindowSize(TimeSpan.FromDays(7));

        var local = TimeZoneInfo.ConvertTime(week.Floor(Utc("2024-07-10T12:00:00Z"), DifficultZones.Amsterdam), DifficultZones.Amsterdam);

        local.ToString("ddd yyyy-MM-dd HH:mm", null).ShouldBe("Thu 2024-07-04 00:00");
        ((local.Date - DateTime.UnixEpoch).TotalDays % 7).ShouldBe(0);
    }

    [Fact]
    public void A_day_is_23_or_25_hours_long_where_the_clock_is_changed()
    {
        var day = new WindowSize(TimeSpan.FromHours(24));

        day.NextBoundary(Utc("2024-03-30T23:00:00Z"), DifficultZones.Amsterdam).ShouldBe(Utc("2024-03-31T22:00:00Z"));
        day.NextBoundary(Utc("2024-10-26T22:00:00Z"), DifficultZones.Amsterdam).ShouldBe(Utc("2024-10-27T23:00:00Z"));
    }

    [Fact]
    public void A_midnight_that_is_skipped_is_the_first_instant_after_the_gap()
    {
        // Cuba's clocks go from 00:00 to 01:00.
        var day = new WindowSize(TimeSpan.FromDays(1));
        day.Floor(Utc("2024-03-10T12:00:00Z"), DifficultZones.Find("America/Havana")).ShouldBe(Utc("2024-03-10T05:00:00Z"));
    }

    [Fact]
    public void A_day_that_a_zone_skipped_has_no_window()
    {
        // Samoa crossed the date line: 2011-12-30 did not take place.
        var day = new WindowSize(TimeSpan.FromDays(1));
        var lastOfThe29th = day.NextBoundary(Utc("2011-12-29T12:00:00Z"), DifficultZones.Apia);

        lastOfThe29th.ShouldBe(Utc("2011-12-30T10:00:00Z"));
        TimeZoneInfo.ConvertTime(lastOfThe29th, DifficultZones.Apia).Date.ShouldBe(new DateTime(2011, 12, 31));
        day.NextBoundary(lastOfThe29th, DifficultZones.Apia).ShouldBe(Utc("2011-12-31T10:00:00Z"));
    }

    [Fact]
    public void Shorter_windows_are_counted_in_UTC_whatever_the_zone()
    {
        var size = new WindowSize(TimeSpan.FromMinutes(90));
        size.Floor(Utc("1970-01-01T02:59:59Z"), DifficultZones.LordHowe).ShouldBe(Utc("1970-01-01T01:30:00Z"));
        size.Floor(Utc("1969-12-31T23:59:59Z"), DifficultZones.LordHowe).ShouldBe(Utc("1969-12-31T22:30:00Z"));
    }

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("-00:01:00")]
    [InlineData("00:00:00.5")]
    [InlineData("00:00:01.5")]
    public void A_size_is_whole_seconds(string length) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new WindowSize(TimeSpan.Parse(length, null)));

    [Fact]
    public void The_ends_of_time_are_survived()
    {
        foreach (var zone in DifficultZones.All)
        {
            foreach (var size in (WindowSize[])[new(TimeSpan.FromDays(7)), new(TimeSpan.FromHours(7))])
            {
                size.Floor(DateTimeOffset.MinValue, zone).ShouldBe(DateTimeOffset.MinValue);
                size.NextBoundary(DateTimeOffset.MaxValue, zone).ShouldBe(DateTimeOffset.MaxValue);
            }
        }
    }

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, null);
}
