using DataLake.Contracts;

namespace DataLake.Pipelines.Definitions;

/// <summary>Whom to tell of what.</summary>
/// <param name="On">The events, at least one.</param>
/// <param name="Tables">The tables; null: all of the pipeline.</param>
/// <param name="Channels">The ways to tell, at least one.</param>
public sealed record NotifyRule(IReadOnlyList<NoticeEvent> On, IReadOnlyList<TableName>? Tables, IReadOnlyList<NotifyChannel> Channels)
{
    /// <summary>Whether the rule asks for <paramref name="notice"/> of <paramref name="table"/>.</summary>
    public bool Covers(TableName table, NoticeEvent notice) => On.Contains(notice) && (Tables is null || Tables.Contains(table));
}
