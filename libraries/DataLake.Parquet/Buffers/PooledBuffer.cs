using System.Buffers.Binary;

namespace DataLake.Parquet.Buffers;

/// <summary>A growing run of bytes in one array from the pool. Cleared and used again; disposed once.</summary>
internal sealed class PooledBuffer(int initialCapacity = 256) : IDisposable
{
    private byte[] _array = [];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => _array.AsSpan(0, Length);

    public ReadOnlyMemory<byte> Memory => _array.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Cuts the content down to its first <paramref name="length"/> bytes.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <summary>Room for at least <paramref name="size"/> bytes behind the content; follow with <see cref="Advance"/>.</summary>
    public Span<byte> Reserve(int size)
    {
        if (_array.Length - Length < size) Grow(size);
        return _array.AsSpan(Length);
    }

    public void Advance(int size) => Length += size;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    public void Append(byte value)
    {
        if (Length == _array.Length) Grow(1);
        _array[Length++] = value;
    }

    public void AppendInt32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Reserve(4), value);
        Length += 4;
    }

    /// <summary>An unsigned LEB128 number, as Thrift and the RLE hybrid use it.</summary>
    public void AppendVarint(ulong value)
    {
        var room = Reserve(10);
        var n = 0;
        for (; value >= 0x80; value >>= 7) room[n++] = (byte)(value | 0x80);
        room[n++] = (byte)value;
        Length += n;
    }

    /// <summary>Overwrites four bytes that were written before.</summary>
    public void PatchInt32(int offset, int value) => BinaryPrimitives.WriteInt32LittleEndian(_array.AsSpan(offset, 4), value);

    /// <summary>Hands the array over to the caller, who returns it, and starts without one.</summary>
    public byte[] Detach()
    {
        var array = _array;
        _array = [];
        Length = 0;
        return array;
    }

    /// <summary>Gives the array back if it is larger than <paramref name="capacity"/>, and the content with it.</summary>
    public void Shrink(int capacity)
    {
        if (_array.Length > capacity) Dispose();
    }

    public void Dispose()
    {
        PooledArray.Return(ref _array);
        Length = 0;
    }

    private void Grow(int size)
    {
        // What is empty need not stand beside what it grows to.
        if (Length == 0) PooledArray.Return(ref _array);
        var wanted = Math.Max(initialCapacity, Math.Max((long)_array.Length * 2, (long)Length + size));
        if (wanted > Array.MaxLength) wanted = Math.Max((long)Length + size, Array.MaxLength);
        PooledArray.Grow(ref _array, Length, wanted);
    }
}
