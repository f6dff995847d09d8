using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DataLake.Parquet.Encodings;

/// <summary>Reads what <see cref="RleHybridEncoder"/> writes, from untrusted bytes.</summary>
internal ref struct RleHybridDecoder
{
    private readonly ReadOnlySpan<byte> _input;
    private readonly int _bitWidth;
    private int _position;
    private int _runLeft;
    private uint _runValue;
    private int _packedLeft;
    private long _packedBit;

    public RleHybridDecoder(ReadOnlySpan<byte> input, int bitWidth)
    {
        if (bitWidth is < 0 or > 32) throw ParquetException.Corrupt($"A page states a bit width of {bitWidth}; 32 is the most.");
        _input = input;
        _bitWidth = bitWidth;
    }

    /// <summary>Fills <paramref name="destination"/>; throws <see cref="ParquetException"/> when the input holds fewer values.</summary>
    public void Decode(Span<int> destination)
    {
        while (!destination.IsEmpty)
        {
            if (_runLeft == 0 && _packedLeft == 0) NextRun();
            int n;
            if (_runLeft > 0)
            {
                n = Math.Min(_runLeft, destination.Length);
                destination[..n].Fill((int)_runValue);
                _runLeft -= n;
            }
            else
            {
                n = Math.Min(_packedLeft, destination.Length);
                Unpack(destination[..n]);
                _packedLeft -= n;
            }

            destination = destination[n..];
        }
    }

    /// <summary>As <see cref="Decode(Span{int})"/>, for levels and booleans.</summary>
    public void Decode(Span<byte> destination)
    {
        Span<int> part = stackalloc int[256];
        while (!destination.IsEmpty)
        {
            if (_runLeft == 0 && _packedLeft == 0) NextRun();
            var n = Math.Min(_runLeft, destination.Length);
            if (n > 0)
            {
                destination[..n].Fill((byte)_runValue);
                _runLeft -= n;
            }
            else if (_bitWidth == 1 && (_packedBit & 7) == 0)
            {
                n = Math.Min(_packedLeft, destination.Length);
                BooleanPacking.Unpack(_input[(int)(_packedBit >> 3)..], destination[..n]);
                _packedBit += n;
                _packedLeft -= n;
            }
            else
            {
                n = Math.Min(Math.Min(_packedLeft, destination.Length), part.Length);
                Unpack(part[..n]);
                _packedLeft -= n;
                for (var i = 0; i < n; i++) destination[i] = (byte)part[i];
            }

            destination = destination[n..];
        }
    }

    private void NextRun()
    {
        var header = Varint();
        if ((header & 1) == 0)
        {
            var bytes = (_bitWidth + 7) / 8;
            if (_input.Length - _position < bytes) throw Short();
            _runLeft = (int)Math.Min(header >> 1, int.MaxValue);
            _runValue = 0;
            for (var i = 0; i < bytes; i++) _runValue |= (uint)_input[_position++] << (8 * i);
            if (_runLeft == 0) throw ParquetException.Corrupt("A page holds a run of no values.");
            return;
        }

        var groups = header >> 1;
        if (groups == 0) throw ParquetException.Corrupt("A page holds a bit-packed run of no values.");

        // Some writers cut the padding of the last group off: take what is there.
        var available = _bitWidth == 0 ? long.MaxValue : ((long)_input.Length - _position) * 8 / _bitWidth;
        _packedLeft = (int)Math.Min(Math.Min((long)groups * 8, available), int.MaxValue);
        if (_packedLeft == 0) throw Short();
        _packedBit = (long)_position * 8;
        _position = (int)Math.Min(_position + ((long)groups * _bitWidth), _input.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Unpack(scoped Span<int> destination)
    {
        var mask = (1UL << _bitWidth) - 1;
        var bit = _packedBit;
        var i = 0;

        // Eight bytes hold any value of up to 32 bits at any bit offset; the last values go byte by byte. References, because bounds checks cost more than the rest of it.
        var whole = (((long)_input.Length - 8) * 8) + 7 - bit;
        var count = whole < 0 ? 0 : _bitWidth == 0 ? destination.Length : (int)Math.Min(destination.Length, (whole / _bitWidth) + 1);
        ref var input = ref MemoryMarshal.GetReference(_input);
        for (; i < count; i++, bit += _bitWidth)
            destination[i] = (int)((Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref input, (nint)(bit >> 3))) >> (int)(bit & 7)) & mask);
        for (; i < destination.Length; i++, bit += _bitWidth)
        {
            ulong bits = 0;
            var start = (int)(bit >> 3);
            for (var b = 0; b < 5 && start + b < _input.Length; b++) bits |= (ulong)_input[start + b] << (8 * b);
            destination[i] = (int)((bits >> (int)(bit & 7)) & mask);
        }

        _packedBit = bit;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            if (_position >= _input.Length) throw Short();
            var b = _input[_position++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }

        throw ParquetException.Corrupt("A run in a page has a length of more than 32 bits.");
    }

    private static ParquetException Short() => ParquetException.Corrupt("A page holds fewer levels or dictionary indices than its header says.");
}
