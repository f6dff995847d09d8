namespace DataLake.Pipelines.Definitions;

/// <summary>The column that tells when a row was last changed.</summary>
/// <param name="Column">The column.</param>
/// <param name="TimeZone">Whose wall clock it shows, for a <c>timestamp without time zone</c>; null where the column knows its instant.</param>
public sealed record CursorDefinition(string Column, TimeZoneInfo? TimeZone = null);
