using DataLake.Contracts;
using DataLake.Pipelines.Tests.Support;
using DataLake.Pipelines.Windows;
using FsCheck;
using FsCheck.Fluent;

namespace DataLake.Pipelines.Tests.Windows;

public class BackfillTests
{
    private static readonly DateTimeOffset Day = Utc("2024-03-01T00:00:00Z");
    private static readonly WindowRule Hourly = new(new WindowSize(TimeSpan.FromHours(1)), TimeZoneInfo.Utc, null, TimeSpan.Zero);

    // What was committed: windows of changing lengths, some left out, some overlapping (as earlier backfills leave them), perhaps one from the
    // beginning.
    private static readonly Gen<(WindowRule Rule, Window Range, Window[] Committed)> Cases =
        from zone in Arbitrary.Zone
        from size in WindowSizeTests.Sizes
        from start in Arbitrary.InstantIn(zone)
        from lengths in Gen.Choose(1, 300).ArrayOf(12)
        from kinds in Gen.Choose(0, 9).ArrayOf(12)
        from offset in Gen.Choose(-400, 2000)
        from length in Gen.Choose(1, 1500)
        from shape in Gen.Choose(0, 9)
        select (
            new WindowRule(shape == 0 ? null : size, zone, null, TimeSpan.Zero),
            new Window(shape == 1 ? Window.Beginning : start + (size.Length * (offset / 100.0)), start + (size.Length * ((offset + length) / 100.0))),
            Committed(start, size, lengths, kinds, shape == 2).ToArray());

    [Fact]
    public void A_backfill_covers_the_range_and_never_a_part_of_a_committed_window() => Arbitrary.Holds(Cases, item =>
    {
        var windows = WindowPlanner.PlanBackfill(item.Rule, item.Range, item.Committed);
        var completeTo = item.Committed.Max(window => window.To);
        if (item.Range.From >= completeTo)
        {
            windows.ShouldBeEmpty();
            return;
        }

        windows[0].From.ShouldBeLessThanOrEqualTo(item.Range.From);
        windows[^1].To.ShouldBeGreaterThanOrEqualTo(item.Range.To < completeTo ? item.Range.To : completeTo);
        windows[^1].To.ShouldBeLessThanOrEqualTo(completeTo);
        (windows[0].From == item.Range.From || item.Committed.Any(window => window.From == windows[0].From)).ShouldBeTrue();
        windows.Zip(windows.Skip(1)).All(pair => pair.First.To == pair.Second.From).ShouldBeTrue();
        foreach (var window in windows)
        {
            Array.TrueForAll(item.Committed, committed => window.Covers(committed) || !window.Overlaps(committed)).ShouldBeTrue();
        }
    }, 1000);

    [Fact]
    public void A_range_inside_one_committed_window_reads_that_window() =>
        WindowPlanner.PlanBackfill(Hourly, At(2.25, 2.5), [At(0, 1), At(1, 2), At(2, 3), At(3, 4)]).ShouldBe([At(2, 3)]);

    [Fact]
    public void A_range_is_cut_at_the_boundaries_of_today() =>
        WindowPlanner.PlanBackfill(Hourly with { Size = new WindowSize(TimeSpan.FromHours(2)) }, At(1.5, 4.5), [At(0, 1), At(1, 2), At(2, 3), At(3, 4), At(4, 5)])
            .ShouldBe([At(1, 2), At(2, 4), At(4, 5)]);

    [Fact]
    public void A_larger_committed_window_stays_whole_under_a_smaller_size() =>
        WindowPlanner.PlanBackfill(Hourly, At(5, 25), [At(0, 24), At(24, 25), At(25, 26)]).ShouldBe([At(0, 24), At(24, 25)]);

    [Fact]
    public void Ticks_that_never_meet_a_boundary_are_cut_at_the_end_of_the_tick() =>
        WindowPlanner.PlanBackfill(Hourly, At(0, 2), [At(0.1, 0.6), At(0.6, 1.1), At(1.1, 1.6), At(1.6, 2.1)]).ShouldBe([At(0, 1.1), At(1.1, 2.1)]);

    [Fact]
    public void The_first_load_from_the_beginning_is_one_window() =>
        WindowPlanner.PlanBackfill(Hourly, new Window(Day, Day.AddHours(1)), [new Window(Window.Beginning, Day.AddHours(5)), At(5, 6)])
            .ShouldBe([new Window(Window.Beginning, Day.AddHours(5))]);

    [Fact]
    public void The_past_before_the_first_load_can_be_added() =>
        WindowPlanner.PlanBackfill(Hourly, At(-2, -0.5), [At(0, 1)]).ShouldBe([At(-2, -1), At(-1, -0.5)]);

    [Fact]
    public void What_is_not_loaded_yet_is_no_backfill()
    {
        WindowPlanner.PlanBackfill(Hourly, At(0, 1), []).ShouldBeEmpty();
        WindowPlanner.PlanBackfill(Hourly, At(2, 3), [At(0, 1), At(1, 2)]).ShouldBeEmpty();
        WindowPlanner.PlanBackfill(Hourly, At(1, 9), [At(0, 1), At(1, 2)]).ShouldBe([At(1, 2)]);
    }

    [Fact]
    public void A_backfill_of_too_many_windows_says_what_to_do() =>
        Should.Throw<ArgumentException>(() => WindowPlanner.PlanBackfill(
            Hourly with { Size = new WindowSize(TimeSpan.FromSeconds(1)) }, new Window(Day.AddYears(-10), Day), [At(0, 1)])).Message.ShouldContain("ask for a shorter range");

    private static IEnumerable<Window> Committed(DateTimeOffset start, WindowSize size, int[] lengths, int[] kinds, bool fromBeginning)
    {
        if (fromBeginning)
        {
            yield return new Window(Window.Beginning, start);
        }

        foreach (var (length, kind) in lengths.Zip(kinds))
        {
            var end = start + (size.Length * (length / 100.0));
            if (kind != 0 || start == end)
            {
                yield return new Window(kind == 1 ? start - (size.Length * 0.5) : start, end);
            }

            start = end;
        }

        yield return new Window(start, start + size.Length);
    }

    private static Window At(double from, double to) => new(Day.AddHours(from), Day.AddHours(to));

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text, null);
}
