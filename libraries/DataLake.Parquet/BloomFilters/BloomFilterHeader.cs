using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.BloomFilters;

/// <summary><c>struct BloomFilterHeader</c> in parquet.thrift: there is one algorithm (BLOCK), one hash (XXHASH) and no compression.</summary>
internal static class BloomFilterHeader
{
    public static void Write(int bytes, ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, bytes);
        for (short union = 2; union <= 4; union++)
        {
            writer.BeginStructField(union);
            writer.EmptyStructField(1);
            writer.EndStruct();
        }

        writer.EndStruct();
    }

    /// <summary>The bytes of the header and those of the bit set, which follows it.</summary>
    public static (int Header, int Bits) Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new ThriftCompactReader(bytes);
        var size = Read(ref reader);
        return (reader.Position, size);
    }

    private static int Read(ref ThriftCompactReader reader)
    {
        var bytes = 0;
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 1: bytes = reader.I32(type); break;
                case 2 or 3 or 4: ReadUnion(ref reader, type); break;
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        return bytes > 0 && bytes % SplitBlockBloomFilter.BlockBytes == 0 ? bytes : throw ParquetException.Corrupt($"A Bloom filter states {bytes} bytes, which is not a number of whole blocks.");
    }

    private static void ReadUnion(ref ThriftCompactReader reader, ThriftType type)
    {
        ThriftCompactReader.Expect(ThriftType.Struct, type);
        var outer = reader.BeginStruct();
        while (reader.NextField(out var member, out var inner))
        {
            if (member != 1) throw ParquetException.Unsupported("A Bloom filter uses an algorithm, hash or compression that is not known.");
            reader.Skip(inner);
        }

        reader.EndStruct(outer);
    }
}
