using System.Buffers;
using System.Runtime.CompilerServices;

namespace DataLake.Parquet.Buffers;

/// <summary>Growing arrays in place, through the shared pool. Arrays beyond any page's usual size are made to measure and left to the
/// garbage collector: the pool would round them up and keep them.</summary>
internal static class PooledArray
{
    /// <summary>Bytes of the largest array that goes back to the pool.</summary>
    public const int LargestPooled = 4 << 20;

    /// <summary>An array of at least <paramref name="capacity"/> elements; hand it to <see cref="Return"/>.</summary>
    public static T[] Rent<T>(long capacity)
    {
        if (capacity > Array.MaxLength) throw new ParquetException(ParquetErrorKind.LimitExceeded, $"A column needs {capacity:N0} elements at once, more than an array can hold.");
        return capacity * Unsafe.SizeOf<T>() <= LargestPooled ? ArrayPool<T>.Shared.Rent((int)capacity) : GC.AllocateUninitializedArray<T>((int)capacity);
    }

    /// <summary>Replaces <paramref name="array"/> by one of at least <paramref name="capacity"/> elements with the first <paramref name="used"/> kept.</summary>
    public static void Grow<T>(ref T[] array, int used, long capacity)
    {
        var larger = Rent<T>(capacity);
        array.AsSpan(0, used).CopyTo(larger);
        Return(ref array);
        array = larger;
    }

    public static void Return<T>(ref T[] array)
    {
        if (array.Length > 0 && (long)array.Length * Unsafe.SizeOf<T>() <= LargestPooled) ArrayPool<T>.Shared.Return(array);
        array = [];
    }
}
