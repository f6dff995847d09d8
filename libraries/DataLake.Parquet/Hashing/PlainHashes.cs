using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Hashing;

/// <summary>Takes hashes of values, one after the other. A structure, so that the loop over values is made for it.</summary>
internal interface IHashTarget
{
    /// <summary>Takes the <see cref="XxHash64"/> of the next value.</summary>
    void Insert(ulong hash);
}

/// <summary>Hashes the values of a page one by one, as Bloom filters want them: numbers little-endian, byte arrays without their length.</summary>
internal static class PlainHashes
{
    /// <summary>Hands the hash of each value to <paramref name="target"/>.</summary>
    /// <param name="column">The column of the values; of a list, its element. Not BOOLEAN.</param>
    /// <param name="plain">The values in PLAIN encoding.</param>
    /// <param name="count">How many those are.</param>
    /// <param name="target">Who wants them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Insert<T>(ParquetColumn column, ReadOnlySpan<byte> plain, int count, T target)
        where T : struct, IHashTarget
    {
        switch (column.PhysicalType)
        {
            case PhysicalType.Int32 or PhysicalType.Float:
                foreach (var value in MemoryMarshal.Cast<byte, uint>(plain)[..count]) target.Insert(XxHash64.Hash(value));
                break;
            case PhysicalType.Int64 or PhysicalType.Double:
                foreach (var value in MemoryMarshal.Cast<byte, ulong>(plain)[..count]) target.Insert(XxHash64.Hash(value));
                break;
            default:
                for (var i = 0; i < count; i++)
                {
                    var (start, length) = column.PhysicalType == PhysicalType.ByteArray ? (4, BinaryPrimitives.ReadInt32LittleEndian(plain)) : (0, column.FixedLength);
                    target.Insert(XxHash64.Hash(plain.Slice(start, length)));
                    plain = plain[(start + length)..];
                }

                break;
        }
    }
}
