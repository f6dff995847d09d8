using System.Buffers;
using System.Numerics;

namespace DataLake.Parquet.Buffers;

/// <summary>Keeps the byte arrays of one writer's pages for its life: a row group's worth of pages is more than the shared pool holds on to,
/// so that without it every row group would allocate anew.</summary>
internal sealed class SegmentPool : IDisposable
{
    public const int SmallestSegment = 4 * 1024;
    public const int LargestSegment = 256 * 1024;
    private readonly Stack<byte[]>[] _free;

    public SegmentPool()
    {
        _free = new Stack<byte[]>[Class(LargestSegment) + 1];
        for (var i = 0; i < _free.Length; i++) _free[i] = new Stack<byte[]>();
    }

    /// <summary>An array of at least <paramref name="size"/> bytes, a power of two between the smallest and the largest segment.</summary>
    public byte[] Rent(int size)
    {
        var sizeClass = Class(Math.Clamp(size, SmallestSegment, LargestSegment));
        return _free[sizeClass].TryPop(out var segment) ? segment : ArrayPool<byte>.Shared.Rent(SmallestSegment << sizeClass);
    }

    public void Return(byte[] segment)
    {
        if (segment.Length <= LargestSegment) _free[Class(segment.Length)].Push(segment);
        else PooledArray.Return(ref segment);
    }

    public void Dispose()
    {
        foreach (var stack in _free)
            while (stack.TryPop(out var segment)) ArrayPool<byte>.Shared.Return(segment);
    }

    private static int Class(int size) => BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)size) / SmallestSegment);
}
