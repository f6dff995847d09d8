using System.Runtime.CompilerServices;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

/// <summary>Puts the binary form of one PostgreSQL type into a column. One instance serves one column of one file; nothing is allocated per value.</summary>
public abstract class ColumnDecoder(ColumnBuffer column)
{
    /// <summary>Adds a value as the server sent it.</summary>
    /// <exception cref="ColumnValueException">The value cannot be kept, or is not of the type's form.</exception>
    internal abstract void Decode(ReadOnlySpan<byte> value);

    /// <summary>Adds a missing value.</summary>
    internal void DecodeNull() => column.AppendNull();

    /// <summary>Adds a field of each of some rows. Where bytes of a value do not count, they are set to zero (<see cref="Normalize"/>).</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="row">The one that is at work, to name it in an error.</param>
    /// <exception cref="ColumnValueException">A value cannot be kept, or is not of the type's form.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal virtual void DecodeRows(Fields fields, ref int row)
    {
        var isNormalized = Form == KeptForm.Normalized;
        for (row = 0; row < fields.Count; row++)
        {
            if (!fields.TryGet(row, out var value))
            {
                DecodeNull();
                continue;
            }

            Decode(value);
            if (isNormalized)
            {
                Normalize(value);
            }
        }
    }

    /// <summary>How the bytes that a receipt counts come from those that were sent.</summary>
    internal virtual KeptForm Form => KeptForm.AsSent;

    /// <summary>Sets the bytes of a value that do not count to zero, so that equal values have equal bytes. For <see cref="KeptForm.Normalized"/>.</summary>
    internal virtual void Normalize(Span<byte> value)
    {
    }

    /// <summary>Adds the value that <see cref="Decode"/> has just taken to a row, as it was kept.</summary>
    internal virtual void WriteKept(Span<byte> value, TupleWriter tuple)
    {
        Normalize(value);
        tuple.Value(value);
    }
}

/// <summary>A value that cannot be kept. The reader of the stream adds the column and the row.</summary>
/// <param name="problem">What is wrong, as the rest of a sentence that starts with the column.</param>
/// <param name="isDamage">Whether the bytes themselves are wrong, not the value.</param>
public sealed class ColumnValueException(string problem, bool isDamage = false) : Exception(problem)
{
    /// <summary>Whether the bytes themselves are wrong, not the value.</summary>
    public bool IsDamage { get; } = isDamage;

    /// <summary>Refuses a value that has not as many bytes as its type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void ThrowUnlessLength(ReadOnlySpan<byte> value, int length)
    {
        if (value.Length != length)
        {
            throw OfLength(value.Length, length);
        }
    }

    private static ColumnValueException OfLength(int found, int expected) =>
        new($"came in {found} bytes where its type has {expected}: its type has changed, or the stream is damaged", isDamage: true);
}
