using System.Globalization;

namespace DataLake.Contracts;

/// <summary>
/// A half-open range of time <c>[From, To)</c>: <see cref="From"/> belongs to it, <see cref="To"/> does not,
/// so that the next window starts where this one stopped.
/// </summary>
public readonly record struct Window
{
    /// <summary>A range from <paramref name="from"/> (included) to <paramref name="to"/> (excluded). Both are kept as UTC.</summary>
    /// <exception cref="ArgumentException"><paramref name="from"/> is not before <paramref name="to"/>.</exception>
    public Window(DateTimeOffset from, DateTimeOffset to)
    {
        if (from >= to)
        {
            throw new ArgumentException($"A window must start before it stops, but {from:O} is not before {to:O}.", nameof(from));
        }

        From = from.ToUniversalTime();
        To = to.ToUniversalTime();
    }

    /// <summary>The start of a window that has none: every row before <see cref="To"/> belongs to it.</summary>
    public static DateTimeOffset Beginning => DateTimeOffset.MinValue;

    /// <summary>The first instant (UTC) that belongs to the window, or <see cref="Beginning"/>.</summary>
    public DateTimeOffset From { get; }

    /// <summary>The first instant (UTC) after the window.</summary>
    public DateTimeOffset To { get; }

    /// <summary>Whether the window reaches back to the beginning of time.</summary>
    public bool IsFromBeginning => From == Beginning;

    /// <summary>Whether <paramref name="instant"/> lies in <c>[From, To)</c>.</summary>
    public bool Contains(DateTimeOffset instant) => From <= instant && instant < To;

    /// <summary>Whether every instant of <paramref name="other"/> lies in this window.</summary>
    public bool Covers(Window other) => From <= other.From && other.To <= To;

    /// <summary>Whether the two windows share an instant.</summary>
    public bool Overlaps(Window other) => From < other.To && other.From < To;

    /// <summary>The window as people read it, for example <c>[2026-03-01 00:00:00Z, 2026-03-02 00:00:00Z)</c>.</summary>
    public override string ToString() => $"[{(IsFromBeginning ? "beginning" : Format(From))}, {Format(To)})";

    private static string Format(DateTimeOffset instant) =>
        instant.ToString(instant.Ticks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-dd HH:mm:ss'Z'" : "yyyy-MM-dd HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
