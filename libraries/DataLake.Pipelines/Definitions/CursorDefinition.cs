using DataLake.Pipelines.Windows;

namespace DataLake.Pipelines.Definitions;

/// <summary>The column that tells when a row was last changed.</summary>
/// <param name="Column">The column.</param>
/// <param name="TimeZone">Whose wall clock it shows where its type has no zone: its own, else the pipeline's.</param>
public sealed record CursorDefinition(string Column, TimeZoneInfo TimeZone)
{
    /// <summary>A bound of a window as the column's wall clock shows it. The extractor reads by it, and the catalog updater replaces by it what was read.</summary>
    /// <returns>For a <c>timestamp</c> the bound itself; for a <c>date</c> its day, because a day is read when it is over.</returns>
    public DateTime LocalBound(DateTimeOffset bound) => LocalCursor.ToLocal(bound, TimeZone);
}
