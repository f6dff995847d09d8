using System.Globalization;

namespace DataLake.Contracts;

/// <summary>
/// The hash of a multiset of rows: the sum, modulo 2^128, of the XXH3 hashes (128 bits) of its rows in COPY's binary form. The order of the rows does not count, their
/// number does; the hashes of parts add up to that of the whole.
/// </summary>
/// <remarks>
/// COPY's binary form of a row is the number of its fields in 16 bits, then each field's length in 32 bits (-1: NULL) and bytes, big-endian. Where a type has several forms of one
/// value, one is counted: a numeric shows 0 digits after the point, an array says nothing of NULLs and of its elements' type.
/// </remarks>
/// <param name="High">The upper half of the sum; 0 for no rows.</param>
/// <param name="Low">The lower half. Two halves, because code that passes the runtime's own 128 bits around is not compiled before it runs.</param>
public readonly record struct ContentHash(ulong High, ulong Low)
{
    private const int Digits = 16;

    /// <summary>The hash of one row.</summary>
    /// <param name="row">The hash of its bytes.</param>
    public ContentHash(UInt128 row)
        : this((ulong)(row >> 64), (ulong)row)
    {
    }

    /// <summary>The hash of the rows of both.</summary>
    public static ContentHash operator +(ContentHash left, ContentHash right)
    {
        var low = unchecked(left.Low + right.Low);
        return new(unchecked(left.High + right.High + (low < left.Low ? 1UL : 0)), low);
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">It is not 32 hexadecimal digits.</exception>
    public static ContentHash Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == 2 * Digits ? new(Half(text.AsSpan(0, Digits)), Half(text.AsSpan(Digits))) : throw new FormatException($"'{text}' is not a content hash of {2 * Digits} hexadecimal digits.");

        static ulong Half(ReadOnlySpan<char> digits) => ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    /// <summary>32 hexadecimal digits in lower case.</summary>
    public override string ToString() => $"{High:x16}{Low:x16}";
}
