namespace DataLake.Pipelines.Definitions;

/// <summary>What stands in the lake in place of a sensitive value.</summary>
public enum Mask
{
    /// <summary>Nothing: the column is null.</summary>
    Null,

    /// <summary>A fixed text that says something was there.</summary>
    Redact,

    /// <summary>A keyed hash (HMAC): equal values stay equal, and cannot be guessed without the pipeline's mask key.</summary>
    Hash,

    /// <summary>The last four characters of a text, at most half of it; a <c>*</c> for each other one.</summary>
    Partial,

    /// <summary>The date or timestamp, moved by as many days as the mask key and another column of the row decide.</summary>
    DateShift,
}
