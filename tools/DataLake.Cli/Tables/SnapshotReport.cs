using System.Globalization;
using DataLake.Contracts;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;

namespace DataLake.Cli.Tables;

/// <summary>What a snapshot says of itself.</summary>
/// <param name="Id">Its id; as text, since programs that read JSON numbers as floating-point would change it.</param>
/// <param name="At">When it was made.</param>
/// <param name="Operation">What it did.</param>
/// <param name="AddedRows">Rows that came; none where rows only moved.</param>
/// <param name="DeletedRows">Rows that left.</param>
/// <param name="Rows">Rows it has; null where that is not known without reading them.</param>
/// <param name="Files">Its data files.</param>
/// <param name="Bytes">Bytes of data and delete files.</param>
/// <param name="Window">The range that its runs read.</param>
/// <param name="Runs">The runs that made it.</param>
/// <param name="SourceLsn">The source's log position.</param>
/// <param name="ContentHash">The content hash of the rows that came.</param>
/// <param name="Names">Branches and tags that point to it.</param>
/// <param name="InMain">Whether the table comes from it; otherwise a rollback left it, or a branch has it.</param>
internal sealed record SnapshotReport(
    string Id, DateTimeOffset At, string? Operation, long AddedRows, long DeletedRows, long? Rows, long? Files, long? Bytes, Window? Window, IReadOnlyList<string> Runs, string? SourceLsn,
    string? ContentHash, IReadOnlyList<string> Names, bool InMain)
{
    public static SnapshotReport Of(TableMetadata table, Snapshot snapshot, IReadOnlySet<long> main)
    {
        var isMove = snapshot.Operation == SnapshotSummary.Replace;
        return new SnapshotReport(
            snapshot.SnapshotId.ToString(CultureInfo.InvariantCulture), DateTimeOffset.FromUnixTimeMilliseconds(snapshot.TimestampMs), snapshot.Operation,
            isMove ? 0 : Number("added-records") ?? 0,
            // Rows that were deleted by position before their file left are counted once.
            isMove ? 0 : Math.Max(0, (Number("deleted-records") ?? 0) + (Number("added-position-deletes") ?? 0) - (Number("removed-position-deletes") ?? 0)),
            Number("total-equality-deletes") is 0 or null ? Number("total-records") - (Number("total-position-deletes") ?? 0) : null,
            Number("total-data-files"), Number("total-files-size"), WindowOf(snapshot), RunSummary.RunsOf(snapshot),
            snapshot.Summary.GetValueOrDefault(RunSummary.SourceLsn), snapshot.Summary.GetValueOrDefault(RunSummary.ContentHash),
            [.. table.Refs.Where(entry => entry.Value.SnapshotId == snapshot.SnapshotId).Select(entry => entry.Key).Order(StringComparer.Ordinal)], main.Contains(snapshot.SnapshotId));

        long? Number(string key) => long.TryParse(snapshot.Summary.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>The range that a snapshot's runs read, or null.</summary>
    public static Window? WindowOf(Snapshot snapshot) =>
        TimeOf(snapshot, RunSummary.WindowFrom) is { } from && TimeOf(snapshot, RunSummary.WindowTo) is { } to && from < to ? new Window(from, to) : null;

    private static DateTimeOffset? TimeOf(Snapshot snapshot, string key) =>
        DateTimeOffset.TryParse(snapshot.Summary.GetValueOrDefault(key), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
