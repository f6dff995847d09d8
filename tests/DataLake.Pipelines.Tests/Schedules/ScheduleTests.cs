using System.Globalization;
using DataLake.Pipelines.Schedules;
using DataLake.Pipelines.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace DataLake.Pipelines.Tests.Schedules;

public class ScheduleTests
{
    [Theory]
    [InlineData("*/5 * * * *", "2024-01-01 00:05", "2024-01-01 00:10")]
    [InlineData("0 12 * * *", "2024-01-01 12:00", "2024-01-02 12:00")]
    [InlineData("15,45 8-10/2 * jan,mar *", "2024-01-01 08:15", "2024-01-01 08:45", "2024-01-01 10:15")]
    [InlineData("0 0 * * 0", "2024-01-07 00:00", "2024-01-14 00:00")]
    [InlineData("0 0 * * 7", "2024-01-07 00:00", "2024-01-14 00:00")]
    [InlineData("0 0 * * fri-sun", "2024-01-05 00:00", "2024-01-06 00:00", "2024-01-07 00:00", "2024-01-12 00:00")]
    [InlineData("0 0 13 * fri", "2024-01-05 00:00", "2024-01-12 00:00", "2024-01-13 00:00", "2024-01-19 00:00")]
    [InlineData("0 0 29 2 *", "2024-02-29 00:00", "2028-02-29 00:00")]
    [InlineData("@hourly", "2024-01-01 01:00", "2024-01-01 02:00")]
    [InlineData("@daily", "2024-01-02 00:00")]
    [InlineData("@weekly", "2024-01-07 00:00")]
    [InlineData("@monthly", "2024-02-01 00:00")]
    [InlineData("@yearly", "2025-01-01 00:00")]
    [InlineData("  0   6  *  *  1-5 ", "2024-01-01 06:00", "2024-01-02 06:00")]
    public void Unix_cron_is_read(string text, params string[] expected) => ShouldFire(text, expected);

    [Theory]
    [InlineData("cron(0 12 * * ? *)", "2024-01-01 12:00", "2024-01-02 12:00")]
    [InlineData("cron(0 18 ? * MON-FRI *)", "2024-01-01 18:00", "2024-01-02 18:00")]
    [InlineData("cron(0 8 ? * 2#1 *)", "2024-01-01 08:00", "2024-02-05 08:00")]
    [InlineData("cron(0 9 L * ? 2024)", "2024-01-31 09:00", "2024-02-29 09:00")]
    [InlineData("cron(15 10 ? * 6L 2024-2026)", "2024-01-26 10:15")]
    [InlineData("rate(5 minutes)", "2024-01-01 00:05", "2024-01-01 00:10")]
    [InlineData("rate(1 hour)", "2024-01-01 01:00")]
    [InlineData("rate(7 days)", "2024-01-04 00:00", "2024-01-11 00:00")]
    public void AWS_forms_are_read(string text, params string[] expected) => ShouldFire(text, expected);

    [Theory]
    [InlineData("0 0 12 * * ?", "2024-01-01 12:00")]
    [InlineData("0 30 4 ? * MON 2025", "2025-01-06 04:30")]
    [InlineData("0 0 12 LW * ?", "2024-01-31 12:00", "2024-02-29 12:00")]
    public void Quartz_cron_is_read(string text, params string[] expected) => ShouldFire(text, expected);

    [Theory]
    [InlineData("", "1 to 200 characters")]
    [InlineData("hourly", "has 5 fields")]
    [InlineData("* * * *", "this has 4")]
    [InlineData("61 * * * *", "between 0 and 59")]
    [InlineData("*/0 * * * *", "step")]
    [InlineData("0 0 30 2 *", "there is no such date")]
    [InlineData("@reboot", "@daily")]
    [InlineData("@fortnightly", "write a Unix cron")]
    [InlineData("rate(5 minute)", "write rate(5 minutes)")]
    [InlineData("rate(1 minutes)", "write rate(1 minute)")]
    [InlineData("rate(0 minutes)", "from 1")]
    [InlineData("rate(5 seconds)", "minute(s), hour(s) or day(s)")]
    [InlineData("rate(9999 days)", "at most a year")]
    [InlineData("cron(0 12 * * *)", "has 6 fields")]
    [InlineData("cron(0 12 * * * *)", "exactly one of day-of-month and day-of-week")]
    [InlineData("cron(0 12 ? * ? *)", "exactly one of day-of-month and day-of-week")]
    [InlineData("at(2024-01-01T00:00:00)", "not a schedule that repeats")]
    [InlineData("99999999999999999999 * * * *", "write a Unix cron")]
    [InlineData("H * * * *", "write a Unix cron")]
    public void What_is_no_schedule_is_refused_with_advice(string text, string advice)
    {
        Schedule.TryParse(text, out var schedule, out var error).ShouldBeFalse();
        schedule.ShouldBeNull();
        error.ShouldNotBeNull().ShouldContain(advice);
        Should.Throw<FormatException>(() => Schedule.Parse(text)).Message.ShouldBe(error);
    }

    [Theory]
    [InlineData("30 2 * * *", "2024-03-30T00:00:00Z", "2024-03-30T01:30:00Z", "2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z")]
    [InlineData("*/20 2 * * *", "2024-03-31T00:00:00Z", "2024-03-31T01:00:00Z", "2024-04-01T00:00:00Z")]
    [InlineData("0 2,3 * * *", "2024-03-31T00:00:00Z", "2024-03-31T01:00:00Z", "2024-04-01T00:00:00Z")]
    [InlineData("30 * * * *", "2024-03-31T00:00:00Z", "2024-03-31T00:30:00Z", "2024-03-31T01:00:00Z", "2024-03-31T01:30:00Z")]
    public void A_time_in_the_gap_fires_once_right_after_it(string text, string after, params string[] expected) => ShouldFireIn(DifficultZones.Amsterdam, text, after, expected);

    [Theory]
    [InlineData("30 2 * * *", "2024-10-26T12:00:00Z", "2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z")]
    [InlineData("30 2 * * *", "2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z")]
    [InlineData("30 2 * * *", "2024-10-27T01:10:00Z", "2024-10-28T01:30:00Z")]
    [InlineData("*/30 1-3 * * *", "2024-10-26T23:30:00Z", "2024-10-27T00:00:00Z", "2024-10-27T00:30:00Z", "2024-10-27T02:00:00Z")]
    [InlineData("*/30 * * * *", "2024-10-27T00:00:00Z", "2024-10-27T00:30:00Z", "2024-10-27T01:00:00Z", "2024-10-27T01:30:00Z", "2024-10-27T02:00:00Z")]
    public void A_repeated_time_fires_once_unless_the_schedule_names_every_hour(string text, string after, params string[] expected) =>
        ShouldFireIn(DifficultZones.Amsterdam, text, after, expected);

    [Fact]
    public void A_rate_takes_no_notice_of_clocks() => ShouldFireIn(DifficultZones.Amsterdam, "rate(12 hours)", "2024-03-30T23:00:00Z", ["2024-03-31T00:00:00Z", "2024-03-31T12:00:00Z"]);

    [Fact]
    public void A_day_that_a_zone_skipped_fires_once_when_it_would_have_begun() =>
        ShouldFireIn(DifficultZones.Apia, "0 8 * * *", "2011-12-29T17:00:00Z", ["2011-12-29T18:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T18:00:00Z"]);

    [Fact]
    public void Next_is_later_and_the_same_from_everywhere_before_it()
    {
        var cases = from zone in Arbitrary.Zone
                    from text in Gen.Elements("*/5 * * * *", "30 2 * * *", "0 0 * * *", "15 1-3 * * *", "0 * * * *", "rate(7 hours)", "cron(30 0 ? * SUN *)", "0/30 * 1 * * ?")
                    from after in Arbitrary.InstantIn(zone)
                    from part in Gen.Choose(0, 99)
                    select (zone, Schedule.Parse(text), after, part);
        Arbitrary.Holds(cases, item =>
        {
            var (zone, schedule, after, part) = item;
            var next = schedule.Next(after, zone).ShouldNotBeNull();
            next.ShouldBeGreaterThan(after);
            schedule.Next(after + ((next - after) * (part / 100.0)), zone).ShouldBe(next);
            schedule.Next(next.AddTicks(-1), zone).ShouldBe(next);
        }, 1000);
    }

    [Fact]
    public void A_daily_job_fires_once_on_every_date_of_every_zone()
    {
        foreach (var zone in DifficultZones.All)
        {
            foreach (var text in (string[])["0 0 * * *", "30 1 * * *", "30 2 * * *", "0 23 * * *"])
            {
                var time = Utc("2023-01-01T12:00:00Z");
                var end = Utc("2025-01-02T12:00:00Z");
                var dates = new List<DateTime>();
                while (Schedule.Parse(text).Next(time, zone) is { } next && next < end)
                {
                    dates.Add(TimeZoneInfo.ConvertTime(next, zone).Date);
                    time = next;
                }

                dates.Zip(dates.Skip(1)).ShouldAllBe(pair => pair.Second == pair.First.AddDays(1), $"{text} in {zone.Id}");
            }
        }
    }

    [Fact]
    public void A_job_of_every_five_minutes_never_pauses()
    {
        foreach (var zone in DifficultZones.All)
        {
            foreach (var change in DifficultZones.ChangesOf(zone))
            {
                var time = change.AddHours(-3);
                for (var count = 0; count < 60; count++)
                {
                    var next = Schedule.Parse("*/5 * * * *").Next(time, zone).ShouldNotBeNull();
                    (next - time).ShouldBe(TimeSpan.FromMinutes(5), $"{zone.Id} after {time:O}");
                    time = next;
                }
            }
        }
    }

    [Fact]
    public void A_schedule_of_years_past_has_no_next_time() =>
        Schedule.Parse("0 0 12 1 1 ? 2020").Next(Utc("2024-01-01T00:00:00Z"), DifficultZones.Amsterdam).ShouldBeNull();

    [Fact]
    public void The_end_of_time_has_no_next_time()
    {
        Schedule.Parse("rate(1 day)").Next(DateTimeOffset.MaxValue, TimeZoneInfo.Utc).ShouldBeNull();
        Schedule.Parse("* * * * *").Next(DateTimeOffset.MaxValue, DifficultZones.Amsterdam).ShouldBeNull();
        Schedule.Parse("0 1 * * *").Next(DateTimeOffset.MaxValue, DifficultZones.NewYork).ShouldBeNull();
    }

    [Fact]
    public void Any_text_is_read_or_refused()
    {
        var parts = Gen.Elements("*", "/", "-", ",", "?", "L", "W", "#", " ", "0", "5", "59", "MON", "cron(", "rate(", ")", "@daily", "jan", "\0", "é", "minutes", "\n");
        Arbitrary.Holds(parts.ListOf().Select(list => string.Concat(list)), text =>
        {
            if (Schedule.TryParse(text, out var schedule, out _))
            {
                schedule.Next(Utc("2024-01-01T00:00:00Z"), DifficultZones.Amsterdam);
            }
        }, 2000);
    }

    private static void ShouldFire(string text, string[] expected) =>
        ShouldFireIn(TimeZoneInfo.Utc, text, "2024-01-01T00:00:00Z", [.. expected.Select(time => time.Replace(' ', 'T') + ":00Z")]);

    private static void ShouldFireIn(TimeZoneInfo zone, string text, string after, string[] expected)
    {
        var schedule = Schedule.Parse(text);
        schedule.Text.ShouldBe(text);
        var fired = new List<string>();
        DateTimeOffset? time = Utc(after);
        while (fired.Count < expected.Length && (time = schedule.Next(time!.Value, zone)) is not null)
        {
            fired.Add(time.Value.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }

        fired.ShouldBe(expected);
    }

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, null);
}
