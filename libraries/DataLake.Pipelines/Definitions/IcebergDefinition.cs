namespace DataLake.Pipelines.Definitions;

/// <summary>How rows that are replaced leave a table.</summary>
public enum DeleteForm
{
    /// <summary>By the positions they stand at: looked for when they are replaced, cheap to read past, and read by every engine.</summary>
    Position,

    /// <summary>By their keys: nothing is looked for when they are replaced, and every reader compares until the table is compacted.</summary>
    Equality,
}

/// <summary>What rows are divided by into partitions.</summary>
/// <param name="Column">The column.</param>
/// <param name="Transform">What of its value, in Iceberg's words: <c>identity</c>, <c>year</c>, <c>month</c>, <c>day</c>, <c>hour</c>, <c>bucket[16]</c>, <c>truncate[4]</c>.</param>
public sealed record PartitionColumn(string Column, string Transform);

/// <summary>What rows are sorted by within files.</summary>
/// <param name="Column">The column.</param>
/// <param name="IsDescending">Whether the greatest come first.</param>
/// <param name="NullsFirst">Whether rows without a value come first.</param>
public sealed record SortColumn(string Column, bool IsDescending, bool NullsFirst);

/// <summary>What a table keeps of its past.</summary>
/// <param name="Keep">Snapshots at most; null: what the host is set to.</param>
/// <param name="For">How old they become; null: what the host is set to.</param>
public sealed record SnapshotsDefinition(int? Keep, TimeSpan? For);

/// <summary>What is asked of a table as an Iceberg table.</summary>
/// <param name="PartitionBy">What its rows are divided by; empty: they are not.</param>
/// <param name="SortBy">What its rows are sorted by, most important first; empty: they are not.</param>
/// <param name="Deletes">How rows that are replaced leave it.</param>
/// <param name="FormatVersion">The version of the table format that it has at least.</param>
/// <param name="Snapshots">What it keeps of its past.</param>
public sealed record IcebergDefinition(
    IReadOnlyList<PartitionColumn> PartitionBy, IReadOnlyList<SortColumn> SortBy, DeleteForm Deletes, int FormatVersion, SnapshotsDefinition Snapshots);
