using DataLake.Parquet.Reading;

namespace DataLake.Postgres.Types;

/// <summary>The way back: puts the values of a written column into PostgreSQL's binary form, as <see cref="ColumnDecoder"/> took them from there. One instance walks through one
/// column's pages, many rows at a time.</summary>
/// <remarks>What it writes for a value equals what the server sent for it, byte for byte; where a type has several forms of one value, the canonical one (see <see cref="KeptForm"/>).</remarks>
public abstract class ColumnEncoder
{
    /// <summary>What stands in front of every value: its length, -1 for NULL.</summary>
    private protected const int LengthBytes = sizeof(int);

    private readonly ColumnValues values;

    private protected ColumnEncoder(ColumnValues values) => this.values = values;

    /// <summary>Rows of the page that were not taken yet.</summary>
    internal int RowsLeft => values.RowCount - Row;

    /// <summary>The most bytes that any row takes, besides those that <see cref="Measure"/> adds.</summary>
    internal abstract int RowBytes { get; }

    /// <summary>The next row of the page, and the next of its values that are not null.</summary>
    private protected int Row { get; private set; }

    private protected int Value { get; private set; }

    /// <summary>Begins with a page that was just read.</summary>
    internal virtual void StartPage() => (Row, Value) = (0, 0);

    /// <summary>Adds the bytes that the next rows take beyond <see cref="RowBytes"/>. They are not taken yet.</summary>
    /// <param name="sizes">One number a row.</param>
    internal virtual void Measure(Span<int> sizes)
    {
    }

    /// <summary>Adds the column to the rows of a batch, and goes on behind them.</summary>
    internal void Encode(TupleBatch batch)
    {
        var rows = batch.Rows;
        if (values.NullCount == 0)
        {
            EncodeValues(batch);
            Value += rows;
        }
        else
        {
            Value += EncodeRows(values.DefinitionLevels.Slice(Row, rows), batch);
        }

        Row += rows;
    }

    /// <summary>As <see cref="RowBytes"/> and <see cref="Measure"/>, for one value, its length in front included.</summary>
    internal abstract int MostBytes(int value);

    /// <summary>Writes one value, its length in front.</summary>
    /// <param name="value">Its place among the values of the page that are not null.</param>
    /// <param name="target">At least <see cref="MostBytes"/>.</param>
    /// <returns>How many bytes it took.</returns>
    internal abstract int Encode(int value, Span<byte> target);

    /// <summary>Adds values, from the next on, to the rows of a batch: one to each.</summary>
    private protected abstract void EncodeValues(TupleBatch batch);

    /// <summary>Adds values, from the next on, to those rows of a batch that have one, and NULL to the others.</summary>
    /// <param name="levels">One a row: 0 for NULL.</param>
    /// <param name="batch">The rows.</param>
    /// <returns>How many values there were.</returns>
    private protected abstract int EncodeRows(ReadOnlySpan<byte> levels, TupleBatch batch);
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
