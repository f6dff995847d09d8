namespace DataLake.Postgres.Types;

/// <summary>What becomes of a sensitive column's values while they are read.</summary>
public enum ColumnMask
{
    /// <summary>They are kept.</summary>
    None,

    /// <summary>They are missing; the source does not send them.</summary>
    Null,

    /// <summary>Text <c>[redacted]</c> in their place; the source does not send them.</summary>
    Redact,

    /// <summary>A keyed hash in their place.</summary>
    Hash,

    /// <summary>Their last four characters, at most half of them; a <c>*</c> in place of each other one. For text only.</summary>
    Partial,

    /// <summary>Dates and times of day moved by a number of days that the key and another column of the row decide.</summary>
    DateShift,
}

/// <summary>How one column is masked.</summary>
/// <param name="Mask">What becomes of its values.</param>
/// <param name="By">For <see cref="ColumnMask.DateShift"/>: the column whose value decides by how many days; rows with the same value move alike.</param>
public sealed record ColumnMaskRule(ColumnMask Mask, string? By = null);
