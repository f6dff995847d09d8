namespace DataLake.Pipelines.Windows;

/// <summary>How the windows of a table are cut.</summary>
/// <param name="Size">The size; null: one window per tick, from where the last stopped to what the source has settled.</param>
/// <param name="Zone">Whose midnight calendar days begin at.</param>
/// <param name="Start">Where the first window begins; null: it reaches back to the beginning.</param>
/// <param name="Lag">How long the source may take until a row can be seen: no window ends later than its clock minus this.</param>
public sealed record WindowRule(WindowSize? Size, TimeZoneInfo Zone, DateTimeOffset? Start, TimeSpan Lag);
