using System.Buffers.Binary;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Encodings;

/// <summary>Looks at some values of a page before all of them go into a dictionary that would be thrown away.</summary>
internal static class DictionarySample
{
    private const int SampleSize = 4096;
    private const int SmallestPage = 4 * SampleSize;

    // A dictionary breaks even when a page of n values has about 0.6 n different ones. Of 4,096 values out of such a page (of 131,072), more than
    // 98.5 % differ; out of one with n / 3 different ones, 96 %.
    private const int ManyDifferent = SampleSize * 985 / 1000;

    /// <summary>Whether next to no values repeat, judged by values from all over the page. The dictionary is empty before and after.</summary>
    /// <param name="dictionary">The dictionary, empty.</param>
    /// <param name="column">The column of the values.</param>
    /// <param name="plain">The page's values in PLAIN encoding.</param>
    /// <param name="count">How many those are.</param>
    /// <param name="scratch">Working memory.</param>
    /// <param name="indices">Working memory for <paramref name="count"/> numbers.</param>
    public static bool LooksUnique(ValueDictionary dictionary, ParquetColumn column, ReadOnlySpan<byte> plain, int count, PooledBuffer scratch, Span<int> indices)
    {
        if (count < SmallestPage) return false;
        scratch.Clear();
        if (column.PhysicalType == PhysicalType.ByteArray) GatherByteArrays(plain, count, scratch);
        else GatherFixed(plain, plain.Length / count, count, scratch);
        dictionary.TryIndex(scratch.Span, SampleSize, indices, int.MaxValue);
        var different = dictionary.Count;
        dictionary.Clear();
        scratch.Clear();
        return different > ManyDifferent;
    }

    // Places follow a sequence without a period that values could share.
    private static int Place(int sample, int count) => (int)(((ulong)count * (uint)sample / SampleSize) + (((uint)sample * 0x9E3779B1u) >> 16) % (uint)(count / SampleSize));

    private static void GatherFixed(ReadOnlySpan<byte> plain, int size, int count, PooledBuffer scratch)
    {
        for (var i = 0; i < SampleSize; i++) scratch.Append(plain.Slice(Math.Min(Place(i, count), count - 1) * size, size));
    }

    private static void GatherByteArrays(ReadOnlySpan<byte> plain, int count, PooledBuffer scratch)
    {
        var next = 0;
        for (var i = 0; i < SampleSize; i++)
        {
            for (var place = Math.Min(Place(i, count), count - 1); next < place; next++) plain = plain[(4 + BinaryPrimitives.ReadInt32LittleEndian(plain))..];
            scratch.Append(plain[..(4 + BinaryPrimitives.ReadInt32LittleEndian(plain))]);
        }
    }
}
