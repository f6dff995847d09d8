using System.Numerics;
using System.Runtime.CompilerServices;

namespace DataLake.Iceberg.Keys;

/// <summary>
/// A set of fingerprints: open addressing over an array that is two thirds full at most, behind a bitmap of which at most a sixteenth is set: nearly every lookup of what is not
/// there ends in that, and it fits the cache of a core for a million keys. Lookups may run on several threads while nothing is added.
/// </summary>
internal sealed class FingerprintSet
{
    /// <summary>Memory a fingerprint takes: one and a half slots of 16 bytes, and 16 bits.</summary>
    public const int BytesOfOne = 26;

    private const int Smallest = 64;
    private UInt128[] slots = [];
    private ulong[] bits = [];
    private bool hasZero;
    private int capacity;

    public FingerprintSet(int capacity = 0) => SetAside(Math.Max(capacity, Smallest));

    public int Count { get; private set; }

    /// <summary>Adds a fingerprint; false if it is there already.</summary>
    public bool Add(UInt128 fingerprint)
    {
        if (fingerprint == UInt128.Zero)
        {
            // An empty slot is zero, so that this one has no slot.
            if (hasZero) return false;
            hasZero = true;
            Mark(0);
            Count++;
            return true;
        }

        if (Count >= capacity) Grow();
        if (!Insert(fingerprint)) return false;
        Count++;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(UInt128 fingerprint)
    {
        var low = (ulong)fingerprint;
        var bit = Bit(low);
        return ((bits[bit >> 6] >> (int)(bit & 63)) & 1) != 0 && Find(fingerprint);
    }

    /// <summary>Forgets all and keeps the memory.</summary>
    public void Clear()
    {
        slots.AsSpan().Clear();
        bits.AsSpan().Clear();
        (hasZero, Count) = (false, 0);
    }

    private void SetAside(int newCapacity)
    {
        capacity = newCapacity;
        slots = new UInt128[Math.Min(newCapacity + (newCapacity / 2L) + 1, Array.MaxLength / 16)];

        // A power of two of bits, at most 2^32.
        bits = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Min(newCapacity, 1 << 27)) / 4];
    }

    private void Grow()
    {
        var full = slots;
        if (capacity >= Array.MaxLength / 32)
            throw new IcebergException(IcebergErrorKind.LimitExceeded, $"{Count:N0} keys are at hand at once; use fewer at a time.");
        SetAside(capacity * 2);
        if (hasZero) Mark(0);
        foreach (var fingerprint in full)
            if (fingerprint != UInt128.Zero) Insert(fingerprint);
    }

    private bool Insert(UInt128 fingerprint)
    {
        var slot = Slot((ulong)fingerprint);
        for (; slots[slot] != UInt128.Zero; slot = slot + 1 == slots.Length ? 0 : slot + 1)
            if (slots[slot] == fingerprint) return false;
        slots[slot] = fingerprint;
        Mark((ulong)fingerprint);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Find(UInt128 fingerprint)
    {
        if (fingerprint == UInt128.Zero) return hasZero;
        var at = slots;
        for (var slot = Slot((ulong)fingerprint); at[slot] != UInt128.Zero; slot = slot + 1 == at.Length ? 0 : slot + 1)
            if (at[slot] == fingerprint) return true;
        return false;
    }

    private void Mark(ulong low)
    {
        var bit = Bit(low);
        bits[bit >> 6] |= 1UL << (int)(bit & 63);
    }

    // The slot is chosen by the high bits of the low half, the filter's bit by its low ones.
    private int Slot(ulong low) => (int)Math.BigMul(low, (ulong)slots.Length, out _);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Bit(ulong low) => (uint)low & (uint)(((long)bits.Length * 64) - 1);
}
