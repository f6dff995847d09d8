using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Metadata;

/// <summary>Reads column and offset indexes from untrusted bytes.</summary>
internal static class PageIndexReader
{
    public static ColumnIndex ReadColumnIndex(ReadOnlySpan<byte> bytes)
    {
        var reader = new ThriftCompactReader(bytes);
        List<bool>? nullPages = null;
        List<ReadOnlyMemory<byte>>? mins = null, maxs = null;
        List<long>? nulls = null, nans = null;
        var order = BoundaryOrder.Unordered;
        reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 1: nullPages = ReadBools(ref reader, type); break;
                case 2: mins = ReadBinaries(ref reader, type); break;
                case 3: maxs = ReadBinaries(ref reader, type); break;
                case 4: order = (BoundaryOrder)reader.I32(type); break;
                case 5: nulls = ReadLongs(ref reader, type); break;
                case 8: nans = ReadLongs(ref reader, type); break;
                default: reader.Skip(type); break;
            }
        }

        if (nullPages is null || mins?.Count != nullPages.Count || maxs?.Count != nullPages.Count || (nulls?.Count ?? nullPages.Count) != nullPages.Count
            || (nans?.Count ?? nullPages.Count) != nullPages.Count || !Enum.IsDefined(order))
        {
            throw ParquetException.Corrupt("A column index lacks its bounds, or its lists differ in length.");
        }

        return new() { NullPages = nullPages, MinValues = mins, MaxValues = maxs, BoundaryOrder = order, NullCounts = nulls, NanCounts = nans };
    }

    public static OffsetIndex ReadOffsetIndex(ReadOnlySpan<byte> bytes)
    {
        var reader = new ThriftCompactReader(bytes);
        List<PageLocation>? pages = null;
        reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            if (id != 1)
            {
                reader.Skip(type);
                continue;
            }

            pages = [];
            for (var n = reader.List(type, ThriftType.Struct); n > 0; n--) pages.Add(ReadLocation(ref reader));
        }

        return new OffsetIndex(pages ?? throw ParquetException.Corrupt("An offset index lacks its pages."));
    }

    private static PageLocation ReadLocation(ref ThriftCompactReader reader)
    {
        var (offset, size, row) = (-1L, -1, -1L);
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 1: offset = reader.I64(type); break;
                case 2: size = reader.I32(type); break;
                case 3: row = reader.I64(type); break;
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        return offset >= 0 && size >= 0 && row >= 0 ? new(offset, size, row) : throw ParquetException.Corrupt("An offset index holds a page without a place.");
    }

    private static List<bool> ReadBools(ref ThriftCompactReader reader, ThriftType type)
    {
        var list = new List<bool>();
        for (var n = reader.BoolList(type); n > 0; n--) list.Add(reader.BoolElement());
        return list;
    }

    private static List<long> ReadLongs(ref ThriftCompactReader reader, ThriftType type)
    {
        var list = new List<long>();
        for (var n = reader.List(type, ThriftType.I64); n > 0; n--) list.Add(reader.I64Element());
        return list;
    }

    private static List<ReadOnlyMemory<byte>> ReadBinaries(ref ThriftCompactReader reader, ThriftType type)
    {
        var list = new List<ReadOnlyMemory<byte>>();
        for (var n = reader.List(type, ThriftType.Binary); n > 0; n--) list.Add(reader.BinaryElement().ToArray());
        return list;
    }
}
