namespace DataLake.Pipelines.Definitions;

/// <summary>What becomes of NaN and infinity in numbers that are kept as decimals.</summary>
public enum NanPolicy
{
    /// <summary>The run fails and names the row.</summary>
    Fail,

    /// <summary>The value is null.</summary>
    Null,
}

/// <summary>What becomes of infinite dates and timestamps.</summary>
public enum InfinityPolicy
{
    /// <summary>The run fails and names the row.</summary>
    Fail,

    /// <summary>The value is null.</summary>
    Null,

    /// <summary>All dates and timestamps are kept as text.</summary>
    Text,
}

/// <summary>What arrays become.</summary>
public enum ArrayPolicy
{
    /// <summary>The text that PostgreSQL writes.</summary>
    Text,

    /// <summary>A list; an array of more than one dimension makes the run fail.</summary>
    List,
}

/// <summary>What is decided where a type of PostgreSQL has no exact counterpart in the lake (docs/types.md).</summary>
/// <param name="DecimalScale">Numbers of no declared precision, or of more than 38 digits, are decimals with so many digits after the point; null: text.</param>
/// <param name="Nan">What becomes of NaN and infinity in decimals.</param>
/// <param name="Infinity">What becomes of infinite dates and timestamps.</param>
/// <param name="Arrays">What arrays become.</param>
public sealed record TypesDefinition(int? DecimalScale, NanPolicy Nan, InfinityPolicy Infinity, ArrayPolicy Arrays = ArrayPolicy.Text);
