namespace DataLake.Postgres.Types;

/// <summary>The way back: puts the values of a written column into PostgreSQL's binary form, as <see cref="ColumnDecoder"/> took them from there.</summary>
/// <remarks>What it writes for a value equals what the server sent for it, byte for byte; where a type has several forms of one value, the canonical one (see <see cref="KeptForm"/>).</remarks>
public abstract class ColumnEncoder
{
    /// <summary>Adds a value to a row.</summary>
    /// <param name="index">Its place among the values of the page that are not null.</param>
    /// <param name="tuple">The row.</param>
    internal abstract void Encode(int index, TupleWriter tuple);
}

/// <summary>How the bytes that a receipt counts for a value come from those that the server sent.</summary>
internal enum KeptForm
{
    /// <summary>They are the same.</summary>
    AsSent,

    /// <summary>They are as many, with some that do not count set to zero (<see cref="ColumnDecoder.Normalize"/>).</summary>
    Normalized,

    /// <summary>They are others, or none: a mask or a policy decides (<see cref="ColumnDecoder.WriteKept"/>).</summary>
    Replaced,
}
