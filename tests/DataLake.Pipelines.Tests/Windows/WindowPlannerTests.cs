using DataLake.Contracts;
using DataLake.Pipelines.Tests.Support;
using DataLake.Pipelines.Windows;
using FsCheck;
using FsCheck.Fluent;

namespace DataLake.Pipelines.Tests.Windows;

public class WindowPlannerTests
{
    private static readonly WindowRule Hourly = new(new WindowSize(TimeSpan.FromHours(1)), TimeZoneInfo.Utc, null, TimeSpan.FromSeconds(30));

    private static readonly Gen<(WindowRule Rule, DateTimeOffset CompleteTo, TimeSpan Ahead, int[] Steps)> Cases =
        from zone in Arbitrary.Zone
        from size in WindowSizeTests.Sizes
        from completeTo in Arbitrary.InstantIn(zone)
        from lag in Gen.Choose(0, 7200)
        from steps in Gen.Choose(0, 1000).ArrayOf(6)
        from windows in Gen.Choose(0, 8000)
        select (new WindowRule(size, zone, null, TimeSpan.FromSeconds(lag)), completeTo, size.Length * (windows / 1000.0), steps);

    [Fact]
    public void Windows_are_closed_without_gap_or_overlap_and_none_is_left_out() => Arbitrary.Holds(Cases, item =>
    {
        var now = item.CompleteTo + item.Ahead;
        var windows = WindowPlanner.Plan(item.Rule, item.CompleteTo, now, int.MaxValue);

        var end = item.CompleteTo;
        foreach (var window in windows)
        {
            window.From.ShouldBe(end);
            window.To.ShouldBe(item.Rule.Size!.NextBoundary(end, item.Rule.Zone));
            window.To.ShouldBeLessThanOrEqualTo(now - item.Rule.Lag);
            end = window.To;
        }

        item.Rule.Size!.NextBoundary(end, item.Rule.Zone).ShouldBeGreaterThan(now - item.Rule.Lag);
    }, 500);

    [Fact]
    public void Catching_up_in_steps_gives_the_windows_of_catching_up_at_once() => Arbitrary.Holds(Cases, item =>
    {
        var now = item.CompleteTo + item.Ahead;
        var atOnce = WindowPlanner.Plan(item.Rule, item.CompleteTo, now, int.MaxValue);

        var inSteps = new List<Window>();
        foreach (var (step, index) in item.Steps.Order().Append(1000).Select((step, index) => (step, index)))
        {
            var limit = index == item.Steps.Length ? int.MaxValue : 1 + (step % 3);
            inSteps.AddRange(WindowPlanner.Plan(item.Rule, inSteps.Count > 0 ? inSteps[^1].To : item.CompleteTo, item.CompleteTo + (item.Ahead * (step / 1000.0)), limit));
        }

        inSteps.ShouldBe(atOnce);
    });

    [Fact]
    public void Ticks_of_a_table_without_a_size_leave_no_gap_and_end_in_whole_microseconds() => Arbitrary.Holds(Cases, item =>
    {
        var rule = item.Rule with { Size = null };
        DateTimeOffset? completeTo = null;
        foreach (var step in item.Steps.Order())
        {
            var now = item.CompleteTo.AddTicks(step * 12_345_678L);
            var windows = WindowPlanner.Plan(rule, completeTo, now, 1);

            windows.Count.ShouldBeLessThanOrEqualTo(1);
            foreach (var window in windows)
            {
                window.From.ShouldBe(completeTo ?? Window.Beginning);
                (window.To.Ticks % TimeSpan.TicksPerMicrosecond).ShouldBe(0);
                (now - rule.Lag - window.To).ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromMicroseconds(1));
                completeTo = window.To;
            }
        }
    });

    [Fact]
    public void The_first_window_reaches_from_the_beginning_to_the_last_closed_boundary() =>
        WindowPlanner.Plan(Hourly, null, Utc("2024-03-01T10:00:29Z"), 10).ShouldBe([new Window(Window.Beginning, Utc("2024-03-01T09:00:00Z"))]);

    [Fact]
    public void The_first_window_begins_at_the_start_where_there_is_one()
    {
        var rule = Hourly with { Start = Utc("2024-03-01T07:30:00Z") };
        WindowPlanner.Plan(rule, null, Utc("2024-03-01T10:00:30Z"), 2).ShouldBe(
        [
            new Window(Utc("2024-03-01T07:30:00Z"), Utc("2024-03-01T08:00:00Z")),
            new Window(Utc("2024-03-01T08:00:00Z"), Utc("2024-03-01T09:00:00Z")),
        ]);
    }

    [Theory]
    [InlineData("2024-03-01T10:00:29.999Z", 0)]
    [InlineData("2024-03-01T10:00:30Z", 1)]
    [InlineData("2024-03-01T08:00:00Z", 0)]
    public void A_window_is_planned_when_the_lag_has_passed_and_not_before(string now, int count) =>
        WindowPlanner.Plan(Hourly, Utc("2024-03-01T09:00:00Z"), Utc(now), 10).Count.ShouldBe(count);

    [Fact]
    public void A_smaller_size_after_a_larger_one_starts_where_the_larger_stopped_and_gets_back_into_step()
    {
        var rule = Hourly with { Size = new WindowSize(TimeSpan.FromHours(4)) };
        WindowPlanner.Plan(rule, Utc("2024-03-01T09:00:00Z"), Utc("2024-03-01T17:00:00Z"), 10).ShouldBe(
        [
            new Window(Utc("2024-03-01T09:00:00Z"), Utc("2024-03-01T12:00:00Z")),
            new Window(Utc("2024-03-01T12:00:00Z"), Utc("2024-03-01T16:00:00Z")),
        ]);
    }

    [Fact]
    public void Clocks_at_the_ends_of_time_give_no_windows_and_no_errors()
    {
        WindowPlanner.Plan(Hourly, null, DateTimeOffset.MinValue, 10).ShouldBeEmpty();
        WindowPlanner.Plan(Hourly with { Size = null }, null, DateTimeOffset.MinValue, 10).ShouldBeEmpty();
        WindowPlanner.Plan(Hourly, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue, 10).ShouldBeEmpty();
        WindowPlanner.Plan(Hourly, Utc("2030-01-01T00:00:00Z"), Utc("2024-01-01T00:00:00Z"), 10).ShouldBeEmpty();
        Should.Throw<ArgumentOutOfRangeException>(() => WindowPlanner.Plan(Hourly, null, DateTimeOffset.UnixEpoch, 0));
    }

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, null);
}
