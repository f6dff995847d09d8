using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Buffers;

namespace DataLake.Parquet.Encodings;

/// <summary>A dictionary of values of four or eight bytes, by their bits (so that NaNs and -0 keep theirs). Open addressing with linear probing,
/// at most half full.</summary>
/// <typeparam name="T"><see cref="int"/> or <see cref="long"/>.</typeparam>
internal sealed class FixedWidthDictionary<T> : ValueDictionary
    where T : unmanaged, IEquatable<T>
{
    private const int InitialSlots = 64;
    private T[] _values = [];
    private int _count;

    // Number + 1 of the value, or 0 where free. The first _slotCount elements are in use, a power of two.
    private int[] _slots = [];
    private int _slotCount;
    private int _shift;

    public override int Count => _count;

    public override int ByteLength => _count * Unsafe.SizeOf<T>();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool TryIndex(ReadOnlySpan<byte> plain, int count, Span<int> indices, int limitBytes)
    {
        if (_slotCount == 0) Resize(InitialSlots);
        var source = MemoryMarshal.Cast<byte, T>(plain)[..count];
        indices = indices[..count];
        var limit = limitBytes / Unsafe.SizeOf<T>();
        var slots = _slots;
        var values = _values;
        var mask = _slotCount - 1;
        var shift = _shift;
        for (var i = 0; i < source.Length; i++)
        {
            var value = source[i];
            var slot = Hash(value, shift);
            int number;
            while ((number = slots[slot]) != 0 && !values[number - 1].Equals(value)) slot = (slot + 1) & mask;
            if (number == 0)
            {
                if (_count >= limit) return false;
                if (_count * 2 == _slotCount)
                {
                    // Before the value comes, not after: the arrays never outgrow what the limit allows. It is looked up again.
                    Resize(_slotCount * 2);
                    slots = _slots;
                    values = _values;
                    mask = _slotCount - 1;
                    shift = _shift;
                    i--;
                    continue;
                }

                values[_count++] = value;
                slots[slot] = number = _count;
            }

            indices[i] = number - 1;
        }

        return true;
    }

    public override ReadOnlySpan<byte> PlainAt(int index) => MemoryMarshal.AsBytes(_values.AsSpan(index, 1));

    public override void AppendPlain(int count, PooledBuffer output) => output.Append(MemoryMarshal.AsBytes(_values.AsSpan(0, count)));

    public override void Clear()
    {
        _slots.AsSpan(0, _slotCount).Clear();
        _count = 0;
    }

    public override void Dispose()
    {
        PooledArray.Return(ref _values);
        PooledArray.Return(ref _slots);
        _slotCount = 0;
        _count = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Hash(T value, int shift)
    {
        var bits = Unsafe.SizeOf<T>() == 8 ? Unsafe.BitCast<T, ulong>(value) : Unsafe.BitCast<T, uint>(value);

        // Fibonacci hashing; the fold brings the high bits in, in which doubles and scaled numbers differ.
        bits ^= bits >> 32;
        return (int)((bits * 0x9E3779B97F4A7C15UL) >> shift);
    }

    private void Resize(int slotCount)
    {
        _slotCount = slotCount;
        _shift = 64 - System.Numerics.BitOperations.Log2((uint)slotCount);
        if (_slots.Length < slotCount) PooledArray.Grow(ref _slots, 0, slotCount);
        _slots.AsSpan(0, slotCount).Clear();
        if (_values.Length < slotCount / 2) PooledArray.Grow(ref _values, _count, slotCount / 2);
        for (var i = 0; i < _count; i++)
        {
            var slot = Hash(_values[i], _shift);
            while (_slots[slot] != 0) slot = (slot + 1) & (slotCount - 1);
            _slots[slot] = i + 1;
        }
    }
}
