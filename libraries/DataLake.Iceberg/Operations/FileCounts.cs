using System.Globalization;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;

namespace DataLake.Iceberg.Operations;

/// <summary>Counts files that a snapshot adds or removes, for its summary (<see href="https://iceberg.apache.org/spec/#optional-snapshot-summary-fields">Appendix F</see>).</summary>
internal sealed class FileCounts
{
    public long DataFiles { get; private set; }

    public long Records { get; private set; }

    public long Bytes { get; private set; }

    public long PositionDeleteFiles { get; private set; }

    public long DeletionVectors { get; private set; }

    /// <summary>Rows, of files and vectors.</summary>
    public long PositionDeletes { get; private set; }

    public long EqualityDeleteFiles { get; private set; }

    public long EqualityDeletes { get; private set; }

    public HashSet<(int SpecId, PartitionTuple Partition)> Partitions { get; } = [];

    private long DeleteFiles => PositionDeleteFiles + DeletionVectors + EqualityDeleteFiles;

    public void Add(DataFile file)
    {
        Bytes += file.OwnBytes;
        Partitions.Add((file.PartitionSpecId, file.Partition));
        switch (file.Content)
        {
            case DataFileContent.Data:
                DataFiles++;
                Records += file.RecordCount;
                break;
            case DataFileContent.PositionDeletes:
                if (file.IsDeletionVector) DeletionVectors++;
                else PositionDeleteFiles++;
                PositionDeletes += file.RecordCount;
                break;
            default:
                EqualityDeleteFiles++;
                EqualityDeletes += file.RecordCount;
                break;
        }
    }

    public void Add(FileCounts other)
    {
        (DataFiles, Records, Bytes) = (DataFiles + other.DataFiles, Records + other.Records, Bytes + other.Bytes);
        (PositionDeleteFiles, DeletionVectors) = (PositionDeleteFiles + other.PositionDeleteFiles, DeletionVectors + other.DeletionVectors);
        PositionDeletes += other.PositionDeletes;
        (EqualityDeleteFiles, EqualityDeletes) = (EqualityDeleteFiles + other.EqualityDeleteFiles, EqualityDeletes + other.EqualityDeletes);
        Partitions.UnionWith(other.Partitions);
    }

    /// <summary>The summary of a snapshot. A total is known when there is no parent, or when the parent knew it.</summary>
    public static Dictionary<string, string> Summary(TableChange change, Snapshot? parent, FileCounts added, FileCounts removed)
    {
        var summary = new Dictionary<string, string>(change.Summary, StringComparer.Ordinal) { [SnapshotSummary.Operation] = change.Operation };
        if (change.RunIds.Count > 0) summary[RunSummary.RunIds] = string.Join(',', change.RunIds);
        Counted("added-data-files", added.DataFiles);
        Counted("added-records", added.Records);
        Counted("added-files-size", added.Bytes);
        Counted("added-delete-files", added.DeleteFiles);
        Counted("added-position-delete-files", added.PositionDeleteFiles);
        Counted("added-dvs", added.DeletionVectors);
        Counted("added-position-deletes", added.PositionDeletes);
        Counted("added-equality-delete-files", added.EqualityDeleteFiles);
        Counted("added-equality-deletes", added.EqualityDeletes);
        Counted("deleted-data-files", removed.DataFiles);
        Counted("deleted-records", removed.Records);
        Counted("removed-files-size", removed.Bytes);
        Counted("removed-delete-files", removed.DeleteFiles);
        Counted("removed-position-delete-files", removed.PositionDeleteFiles);
        Counted("removed-dvs", removed.DeletionVectors);
        Counted("removed-position-deletes", removed.PositionDeletes);
        Counted("removed-equality-delete-files", removed.EqualityDeleteFiles);
        Counted("removed-equality-deletes", removed.EqualityDeletes);
        summary["changed-partition-count"] = Text(added.Partitions.Union(removed.Partitions).Count());
        Total("total-data-files", added.DataFiles - removed.DataFiles);
        Total("total-records", added.Records - removed.Records);
        Total("total-files-size", added.Bytes - removed.Bytes);
        Total("total-delete-files", added.DeleteFiles - removed.DeleteFiles);
        Total("total-position-deletes", added.PositionDeletes - removed.PositionDeletes);
        Total("total-equality-deletes", added.EqualityDeletes - removed.EqualityDeletes);
        return summary;

        void Counted(string key, long count)
        {
            if (count > 0) summary[key] = Text(count);
        }

        void Total(string key, long difference)
        {
            if (parent is null) summary[key] = Text(difference);
            else if (long.TryParse(parent.Summary.GetValueOrDefault(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var before) && before + difference >= 0) summary[key] = Text(before + difference);
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
