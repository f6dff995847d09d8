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

    /// <summary>Whether a value can be missing.</summary>
    public bool Nullable { get; set; }

    /// <summary>The source's own identity of the table that the column was last seen in (PostgreSQL's relation OID).</summary>
    public long SourceRelation { get; set; }

    /// <summary>The source's own number of the column in that table (PostgreSQL's attribute number).</summary>
    public int SourceNumber { get; set; }

    /// <summary>When the source was found to have dropped it.</summary>
    public DateTimeOffset? DroppedAt { get; set; }
}
