using DataLake.Contracts;

namespace DataLake.Ledger.Model;

/// <summary>A table of the lake.</summary>
public sealed class CatalogTable
{
    /// <summary>Its identity.</summary>
    public Guid Id { get; init; }

    /// <summary>The pipeline it is filled by.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The source table it is filled from.</summary>
    public required string Table { get; init; }

    /// <summary>How commits change it.</summary>
    public WriteMode Write { get; set; }

    /// <summary>The columns that identify a row; in an upsert table the row of the latest commit wins.</summary>
    public required List<string> Key { get; set; }

    /// <summary>The number of the last commit; 0 before the first.</summary>
    public long Sequence { get; set; }
}

/// <summary>A column that a table of the lake has or had.</summary>
public sealed class CatalogColumn
{
    /// <summary>The table.</summary>
    public Guid TableId { get; init; }

    /// <summary>The column's identity within the table, from 1: survives a rename, and is never given to another column.</summary>
    public int FieldId { get; init; }

    /// <summary>The identity of its elements, of the same count, since it was first kept as a list; null: it never was.</summary>
    public int? ElementId { get; set; }

    /// <summary>Its name.</summary>
    public required string Name { get; set; }

    /// <summary>Its place in the table, from 1.</summary>
    public int Position { get; set; }

    /// <summary>Its type in the source, as PostgreSQL writes it.</summary>
    public required string SourceType { get; set; }

    /// <summary>Whether a value can be missing.</summary>
    public bool Nullable { get; set; }

    /// <summary>The source's own identity of the table that the column was last seen in (PostgreSQL's relation OID).</summary>
    public long SourceRelation { get; set; }

    /// <summary>The source's own number of the column in that table (PostgreSQL's attribute number).</summary>
    public int SourceNumber { get; set; }

    /// <summary>When the source was found to have dropped it.</summary>
    public DateTimeOffset? DroppedAt { get; set; }
}

/// <summary>One change of a table: all of a run, at once.</summary>
public sealed class CatalogCommit
{
    /// <summary>The table.</summary>
    public Guid TableId { get; init; }

    /// <summary>1 for the first commit, then counting without gaps.</summary>
    public long Sequence { get; init; }

    /// <summary>The run. A run is committed once.</summary>
    public Guid RunId { get; init; }

    /// <summary>What the commit did.</summary>
    public WriteMode Operation { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset CommittedAt { get; init; }
}

/// <summary>A file that is, or was, part of a table.</summary>
public sealed class CatalogFile
{
    /// <summary>The table.</summary>
    public Guid TableId { get; init; }

    /// <summary>The path in the lake.</summary>
    public required string Path { get; init; }

    /// <summary>The run that wrote it.</summary>
    public Guid RunId { get; init; }

    /// <summary>Rows in it.</summary>
    public long Rows { get; init; }

    /// <summary>Bytes of it.</summary>
    public long Bytes { get; init; }

    /// <summary>The window it holds: its start.</summary>
    public DateTimeOffset WindowFrom { get; init; }

    /// <summary>The window it holds: its end.</summary>
    public DateTimeOffset WindowTo { get; init; }

    /// <summary>The commit that made it part of the table.</summary>
    public long AddedIn { get; init; }

    /// <summary>The commit from which it is no longer part of the table.</summary>
    public long? RemovedIn { get; set; }
}
