namespace DataLake.Postgres.Types;

/// <summary>What becomes of NaN and the infinities where the type of the file has none.</summary>
public enum NotFinite
{
    /// <summary>The value stops the run.</summary>
    Refuse,

    /// <summary>The value is missing.</summary>
    Null,

    /// <summary>All values of the column become text. For dates and timestamps only.</summary>
    Text,
}

/// <summary>What arrays become.</summary>
public enum ArrayForm
{
    /// <summary>The text that PostgreSQL writes.</summary>
    Text,

    /// <summary>A list; an array of more than one dimension, or that does not begin at 1, stops the run.</summary>
    List,
}

/// <summary>What a definition decides where a type of PostgreSQL has no exact counterpart. Without a word of it nothing is lost.</summary>
public sealed record TypePolicies
{
    /// <summary>Text for numbers without bounds; a value that cannot be kept stops the run.</summary>
    public static TypePolicies Default { get; } = new();

    /// <summary>
    /// Numbers of no declared precision, or of more than 38 digits, become decimals of 38 digits with so many (0 to 38) after the point, and a value that does not fit
    /// stops the run; null: they become text.
    /// </summary>
    public int? DecimalScale { get; init; }

    /// <summary>What becomes of NaN and infinity in numbers that become decimals: <see cref="NotFinite.Refuse"/> or <see cref="NotFinite.Null"/>.</summary>
    public NotFinite Nan { get; init; }

    /// <summary>What becomes of infinite dates and timestamps.</summary>
    public NotFinite Infinity { get; init; }

    /// <summary>What arrays become.</summary>
    public ArrayForm Arrays { get; init; }
}
