using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace DataLake.Parquet.Statistics;

/// <summary>The first bytes of a bound. Comparing prefixes instead of values keeps megabyte values out of memory: where a ≤ b, the prefix of a is ≤ that of b.</summary>
internal sealed class BoundedPrefix
{
    /// <summary>Bytes kept of a bound.</summary>
    public const int MaxLength = 64;
    private readonly byte[] _bytes = new byte[MaxLength];
    private int _length;

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, _length);

    /// <summary>Whether the value was longer than what is kept of it.</summary>
    public bool IsCut { get; set; }

    /// <summary>The first eight bytes as a number that compares as they do (shorter values filled up with zeros).</summary>
    public ulong Key { get; private set; }

    /// <summary>The same of the eight bytes behind: many columns have values that all begin alike.</summary>
    public ulong NextKey { get; private set; }

    public void Set(ReadOnlySpan<byte> value)
    {
        _length = Math.Min(value.Length, MaxLength);
        value[.._length].CopyTo(_bytes);
        IsCut = value.Length > MaxLength;
        Key = KeyOf(value);
        NextKey = NextKeyOf(value);
    }

    public void CopyFrom(BoundedPrefix other)
    {
        other.Span.CopyTo(_bytes);
        (_length, IsCut, Key, NextKey) = (other._length, other.IsCut, other.Key, other.NextKey);
    }

    public static ulong NextKeyOf(ReadOnlySpan<byte> value) => value.Length > 8 ? KeyOf(value[8..]) : 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong KeyOf(ReadOnlySpan<byte> value)
    {
        if (value.Length >= 8) return BinaryPrimitives.ReadUInt64BigEndian(value);
        ulong key = 0;
        for (var i = 0; i < value.Length; i++) key |= (ulong)value[i] << (56 - (8 * i));
        return key;
    }
}
