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
/// <param name="Sum">The sum; 0 for no rows.</param>
public readonly record struct ContentHash(UInt128 Sum)
{
    /// <summary>The hash of the rows of both.</summary>
    public static ContentHash operator +(ContentHash left, ContentHash right) => new(unchecked(left.Sum + right.Sum));

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">It is not 32 hexadecimal digits.</exception>
    public static ContentHash Parse(string text) => new(UInt128.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    /// <summary>32 hexadecimal digits in lower case.</summary>
    public override string ToString() => Sum.ToString("x32", CultureInfo.InvariantCulture);
}
