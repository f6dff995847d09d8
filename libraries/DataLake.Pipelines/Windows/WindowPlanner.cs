using DataLake.Contracts;

namespace DataLake.Pipelines.Windows;

/// <summary>Decides which windows of a table come next. It keeps no state: the same questions get the same answers.</summary>
public static class WindowPlanner
{
    /// <summary>The most windows that one backfill may have.</summary>
    public const int MaxBackfillWindows = 100_000;

    /// <summary>
    /// The windows that are closed (<c>To &lt;= sourceNow - lag</c>) and not planned yet, in order. The first starts exactly at
    /// <paramref name="completeTo"/>, each next one where the last stopped.
    /// </summary>
    /// <remarks>
    /// A first window that starts at the beginning reaches to the last closed boundary as ONE window. A
    /// <paramref name="completeTo"/> that is not on a boundary (the size was changed) gives a short first window up to the next one.
    /// Without a size there is at most one window, up to <c>sourceNow - lag</c> in whole microseconds (PostgreSQL's resolution).
    /// </remarks>
    /// <param name="rule">How windows are cut.</param>
    /// <param name="completeTo">Where the last planned window stops; null: nothing is planned yet.</param>
    /// <param name="sourceNow">The source's own clock.</param>
    /// <param name="limit">The most windows to return, at least 1.</param>
    public static IReadOnlyList<Window> Plan(WindowRule rule, DateTimeOffset? completeTo, DateTimeOffset sourceNow, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rule.Lag, TimeSpan.Zero);

        var from = completeTo ?? rule.Start ?? Window.Beginning;
        var settled = sourceNow.UtcTicks <= rule.Lag.Ticks ? Window.Beginning : sourceNow.ToUniversalTime() - rule.Lag;
        if (rule.Size is not { } size)
        {
            return WindowsBetween(from, TruncateToMicroseconds(settled));
        }

        if (from == Window.Beginning)
        {
            return WindowsBetween(from, size.Floor(settled, rule.Zone));
        }

        var windows = new List<Window>();
        while (windows.Count < limit && from < settled && size.NextBoundary(from, rule.Zone) is var to && to <= settled && from < to)
        {
            windows.Add(new Window(from, to));
            from = to;
        }

        return windows;
    }

    /// <summary>The windows that read a range of the past again, in order, without gap or overlap.</summary>
    /// <remarks>
    /// <para>A backfill replaces what earlier windows loaded, so it may never take a part of one: every window that is returned either covers a
    /// committed window wholly or does not overlap it. To that end the range is widened to the edges of the committed windows it
    /// touches, and is then cut at the rule's boundaries; a boundary that lies inside a committed window moves to that window's end. (Committed
    /// windows that overlap each other, as left by earlier backfills, count as one.) Without a size, the whole range is one window.</para>
    /// <para>The range may begin before anything was loaded, but never goes past the end of the last committed window: what lies behind that
    /// is for <see cref="Plan"/>. A range that lies wholly behind it gives no windows.</para>
    /// </remarks>
    /// <param name="rule">How windows are cut today.</param>
    /// <param name="range">The range a person asked for.</param>
    /// <param name="committed">All committed windows of the table, in any order.</param>
    /// <exception cref="ArgumentException">The backfill would have more than <see cref="MaxBackfillWindows"/> windows.</exception>
    public static IReadOnlyList<Window> PlanBackfill(WindowRule rule, Window range, IReadOnlyList<Window> committed)
    {
        var blocks = Merge(committed);
        if (blocks.Count == 0 || range.From >= blocks[^1].To)
        {
            return [];
        }

        var touched = blocks.FindAll(block => block.Overlaps(range));
        var from = touched.Count == 0 ? range.From : Earlier(range.From, touched[0].From);
        var to = touched.Count == 0 ? range.To : Later(Earlier(range.To, blocks[^1].To), touched[^1].To);

        var windows = new List<Window>();
        var next = 0;
        while (from < to)
        {
            if (windows.Count == MaxBackfillWindows)
            {
                throw new ArgumentException(
                    $"The backfill of {range} would have more than {MaxBackfillWindows} windows; ask for a shorter range, or give the table a larger window.",
                    nameof(range));
            }

            var cut = Cut(rule, from, to, blocks, ref next);
            windows.Add(new Window(from, cut));
            from = cut;
        }

        return windows;
    }

    // Where the window that starts at `from` stops. `next` is the first block that may still lie ahead.
    private static DateTimeOffset Cut(WindowRule rule, DateTimeOffset from, DateTimeOffset to, List<Window> blocks, ref int next)
    {
        if (rule.Size is not { } size)
        {
            return to;
        }

        // Time before the first block is unbounded where the range is: that part stays one window, as in a first load.
        var cut = from != Window.Beginning ? size.NextBoundary(from, rule.Zone)
            : blocks[0].IsFromBeginning ? blocks[0].To
            : blocks[0].From;
        while (next < blocks.Count && blocks[next].To <= cut)
        {
            next++;
        }

        var isInsideBlock = next < blocks.Count && blocks[next].From < cut;
        return Earlier(isInsideBlock ? blocks[next].To : cut, to);
    }

    private static List<Window> Merge(IReadOnlyList<Window> committed)
    {
        var blocks = new List<Window>();
        foreach (var window in committed.OrderBy(window => window.From).ThenBy(window => window.To))
        {
            if (blocks.Count > 0 && blocks[^1].Overlaps(window))
            {
                blocks[^1] = new Window(blocks[^1].From, Later(blocks[^1].To, window.To));
            }
            else
            {
                blocks.Add(window);
            }
        }

        return blocks;
    }

    private static IReadOnlyList<Window> WindowsBetween(DateTimeOffset from, DateTimeOffset to) => from < to ? [new Window(from, to)] : [];

    private static DateTimeOffset TruncateToMicroseconds(DateTimeOffset instant) =>
        new(instant.Ticks - (instant.Ticks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
