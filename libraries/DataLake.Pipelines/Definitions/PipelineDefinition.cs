using DataLake.Contracts;
using DataLake.Pipelines.Windows;

namespace DataLake.Pipelines.Definitions;

/// <summary>A pipeline: one source, and its tables.</summary>
/// <param name="Name">The name, unique among the pipelines of a folder.</param>
/// <param name="Source">The database.</param>
/// <param name="TimeZone">For schedules and day-sized windows.</param>
/// <param name="MaskKey">Where the key of hash and date_shift masks is kept; set where a column is masked so.</param>
/// <param name="Tables">The tables, at least one, in the order of the file.</param>
/// <param name="Notify">Whom to tell of what.</param>
/// <param name="OneInstant">Whether full loads that are planned together are read from one snapshot.</param>
public sealed record PipelineDefinition(
    string Name,
    SourceDefinition Source,
    TimeZoneInfo TimeZone,
    SecretReference? MaskKey,
    IReadOnlyList<TableDefinition> Tables,
    IReadOnlyList<NotifyRule> Notify,
    bool OneInstant = false)
{
    /// <summary>The definition of <paramref name="table"/>, or null where the pipeline has none.</summary>
    public TableDefinition? FindTable(TableName table) => Tables.FirstOrDefault(definition => definition.Table == table);

    /// <summary>How the windows of <paramref name="table"/> are cut, or null where it has no cursor (each run reads it whole).</summary>
    public WindowRule? WindowRuleOf(TableDefinition table) =>
        table.Cursor is null ? null : new WindowRule(table.Window, TimeZone, table.Start, table.Lag);

    /// <summary>The channels that asked for <paramref name="notice"/> of <paramref name="table"/>, each once.</summary>
    public IReadOnlyList<NotifyChannel> ChannelsFor(TableName table, NoticeEvent notice) =>
        [.. Notify.Where(rule => rule.Covers(table, notice)).SelectMany(rule => rule.Channels).Distinct()];
}
