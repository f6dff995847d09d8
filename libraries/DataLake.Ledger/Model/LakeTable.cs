namespace DataLake.Ledger.Model;

/// <summary>A table of the lake, as far as the ledger must know it: what it is filled from, and the ids of its columns. All else stands in its own metadata.</summary>
public sealed class LakeTable
{
    /// <summary>Its identity.</summary>
    public Guid Id { get; init; }

    /// <summary>The pipeline it is filled by.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The source table it is filled from.</summary>
    public required string Table { get; init; }

    /// <summary>When its health is to be looked at next; null: not before its next commit.</summary>
    public DateTimeOffset? MaintenanceDueAt { get; set; }

    /// <summary>When files that no snapshot needs were last looked for.</summary>
    public DateTimeOffset? OrphansRemovedAt { get; set; }
}

/// <summary>Maintenance that was done to a table.</summary>
public sealed class TableMaintenance
{
    /// <summary>Its identity (a time-ordered UUID).</summary>
    public Guid Id { get; init; }

    /// <summary>The table.</summary>
    public Guid TableId { get; init; }

    /// <summary>What was done, such as <c>Compaction</c>.</summary>
    public required string Operation { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it is under way, or where the process that did it died.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>What it did, in words.</summary>
    public string? Result { get; set; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; set; }
}

/// <summary>A column that a table of the lake has or had.</summary>
public sealed class LakeColumn
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

    /// <summary>Its type in the lake, or that of its elements, in Iceberg's words; null: it was last read before this was noted.</summary>
    public string? LakeType { get; set; }

    /// <summary>Whether the lake keeps it as a list.</summary>
    public bool IsList { get; set; }

    /// <summary>Whether a value can be missing.</summary>
    public bool Nullable { get; set; }

    /// <summary>The source's own identity of the table that the column was last seen in (PostgreSQL's relation OID).</summary>
    public long SourceRelation { get; set; }

    /// <summary>The source's own number of the column in that table (PostgreSQL's attribute number).</summary>
    public int SourceNumber { get; set; }

    /// <summary>When the source was found to have dropped it.</summary>
    public DateTimeOffset? DroppedAt { get; set; }
}
