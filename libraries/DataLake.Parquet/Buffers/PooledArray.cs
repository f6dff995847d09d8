using System.Buffers;

namespace DataLake.Parquet.Buffers;

/// <summary>Growing arrays in place, through the shared pool.</summary>
internal static class PooledArray
{
    /// <summary>Replaces <paramref name="array"/> by one of at least <paramref name="capacity"/> elements with the first <paramref name="used"/> kept.</summary>
    public static void Grow<T>(ref T[] array, int used, long capacity)
    {
        if (capacity > Array.MaxLength) throw new ParquetException(ParquetErrorKind.LimitExceeded, $"A column needs {capacity:N0} elements at once, more than an array can hold.");
        var larger = ArrayPool<T>.Shared.Rent((int)capacity);
        array.AsSpan(0, used).CopyTo(larger);
        Return(ref array);
        array = larger;
    }

    public static void Return<T>(ref T[] array)
    {
        if (array.Length > 0) ArrayPool<T>.Shared.Return(array);
        array = [];
    }
}
