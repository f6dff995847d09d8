using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Buffers;

namespace DataLake.Parquet.Encodings;

/// <summary>A dictionary of byte strings: of any length (BYTE_ARRAY, each after its length in four bytes) or of one length (FIXED_LEN_BYTE_ARRAY).
/// Its values stand in one buffer just as the dictionary page wants them.</summary>
/// <param name="fixedLength">Bytes a value, or zero for any length.</param>
internal sealed class ByteArrayDictionary(int fixedLength) : ValueDictionary
{
    private const int InitialSlots = 64;
    private const ulong Multiplier = 0x9E3779B97F4A7C15UL;
    private const ulong OtherMultiplier = 0xD6E8FEB86659FD93UL;

    // Values come from outside: a seed keeps anyone from preparing ones that all fall into the same slot.
    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64();
    private readonly int _prefix = fixedLength == 0 ? 4 : 0;
    private readonly PooledBuffer _plain = new();
    private Entry[] _entries = [];
    private int _count;
    private int[] _slots = [];
    private int _slotCount;

    public override int Count => _count;

    public override int ByteLength => _plain.Length;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool TryIndex(ReadOnlySpan<byte> plain, int count, Span<int> indices, int limitBytes)
    {
        if (_slotCount == 0) Resize(InitialSlots);
        indices = indices[..count];
        var position = 0;
        var (slots, entries, mask) = (_slots, _entries, _slotCount - 1);
        var known = _plain.Span;
        for (var i = 0; i < indices.Length; i++)
        {
            var length = fixedLength != 0 ? fixedLength : BinaryPrimitives.ReadInt32LittleEndian(plain[position..]);
            var value = plain.Slice(position + _prefix, length);
            var hash = Hash(value);
            var slot = (int)hash & mask;
            int number;
            while ((number = slots[slot]) != 0)
            {
                ref readonly var entry = ref entries[number - 1];
                if (entry.Hash == hash && entry.Length == length && known.Slice(entry.Offset, length).SequenceEqual(value)) break;
                slot = (slot + 1) & mask;
            }

            if (number == 0)
            {
                if (_plain.Length + _prefix + length > limitBytes) return false;
                if (_count * 2 == _slotCount)
                {
                    // Before the value comes, not after: the arrays never outgrow what the limit allows. It is looked up again.
                    Resize(_slotCount * 2);
                    (slots, entries, mask) = (_slots, _entries, _slotCount - 1);
                    i--;
                    continue;
                }

                entries[_count++] = new Entry(hash, _plain.Length + _prefix, length);
                _plain.Append(plain.Slice(position, _prefix + length));
                slots[slot] = number = _count;
                known = _plain.Span;
            }

            position += _prefix + length;
            indices[i] = number - 1;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override ReadOnlySpan<byte> PlainAt(int index)
    {
        ref readonly var entry = ref _entries[index];
        return _plain.Span.Slice(entry.Offset - _prefix, _prefix + entry.Length);
    }

    public override void AppendPlain(int count, PooledBuffer output)
    {
        var end = count == _count ? _plain.Length : _entries[count].Offset - _prefix;
        output.Append(_plain.Span[..end]);
    }

    public override void Clear()
    {
        _slots.AsSpan(0, _slotCount).Clear();
        _plain.Clear();
        _count = 0;
    }

    public override void Dispose()
    {
        _plain.Dispose();
        PooledArray.Return(ref _entries);
        PooledArray.Return(ref _slots);
        _slotCount = 0;
        _count = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint Hash(ReadOnlySpan<byte> value)
    {
        // Up to sixteen bytes, which most values have, in two loads that may overlap.
        var hash = Seed ^ ((ulong)value.Length * Multiplier);
        if (value.Length is >= 8 and <= 16)
        {
            hash = Mix((hash ^ MemoryMarshal.Read<ulong>(value)) + (MemoryMarshal.Read<ulong>(value[^8..]) * OtherMultiplier));
            return (uint)(hash ^ (hash >> 32));
        }

        while (value.Length >= 8)
        {
            hash = Mix(hash ^ MemoryMarshal.Read<ulong>(value));
            value = value[8..];
        }

        ulong rest = 0;
        if (value.Length >= 4)
        {
            rest = MemoryMarshal.Read<uint>(value) | ((ulong)MemoryMarshal.Read<uint>(value[^4..]) << 32);
        }
        else if (value.Length > 0)
        {
            rest = value[0] | ((ulong)value[value.Length / 2] << 8) | ((ulong)value[^1] << 16);
        }

        hash = Mix(hash ^ rest);
        return (uint)(hash ^ (hash >> 32));

        static ulong Mix(ulong bits)
        {
            var high = Math.BigMul(bits, Multiplier, out var low);
            return high ^ low;
        }
    }

    private void Resize(int slotCount)
    {
        _slotCount = slotCount;
        if (_slots.Length < slotCount) PooledArray.Grow(ref _slots, 0, slotCount);
        _slots.AsSpan(0, slotCount).Clear();
        if (_entries.Length < slotCount / 2) PooledArray.Grow(ref _entries, _count, slotCount / 2);
        for (var i = 0; i < _count; i++)
        {
            var slot = (int)(_entries[i].Hash & (uint)(slotCount - 1));
            while (_slots[slot] != 0) slot = (slot + 1) & (slotCount - 1);
            _slots[slot] = i + 1;
        }
    }

    private readonly record struct Entry(uint Hash, int Offset, int Length);
}
