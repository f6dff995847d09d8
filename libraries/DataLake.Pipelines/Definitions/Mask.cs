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
}
