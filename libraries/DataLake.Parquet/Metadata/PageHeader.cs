using DataLake.Parquet.Encodings;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Metadata;

/// <summary><c>struct PageHeader</c> in parquet.thrift, with the members of the page's own header folded in.</summary>
internal readonly record struct PageHeader
{
    public PageType Type { get; init; }

    public int UncompressedSize { get; init; }

    public int CompressedSize { get; init; }

    public int ValueCount { get; init; }

    public ParquetEncoding Encoding { get; init; }

    /// <summary>Data page v1: how levels are encoded.</summary>
    public ParquetEncoding DefinitionLevelEncoding { get; init; }

    public ParquetEncoding RepetitionLevelEncoding { get; init; }

    /// <summary>Data page v2: sizes of the levels, which stand uncompressed before the values.</summary>
    public int DefinitionLevelsSize { get; init; }

    public int RepetitionLevelsSize { get; init; }

    /// <summary>Data page v2: whether the values are compressed.</summary>
    public bool IsCompressed { get; init; }

    public void Write(ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, (int)Type);
        writer.I32Field(2, UncompressedSize);
        writer.I32Field(3, CompressedSize);
        writer.BeginStructField(Type == PageType.Dictionary ? (short)7 : (short)5);
        writer.I32Field(1, ValueCount);
        writer.I32Field(2, (int)Encoding);
        if (Type == PageType.Data)
        {
            writer.I32Field(3, (int)ParquetEncoding.Rle);
            writer.I32Field(4, (int)ParquetEncoding.Rle);
        }

        writer.EndStruct();
        writer.EndStruct();
    }

    public static PageHeader Read(ref ThriftCompactReader reader)
    {
        var header = new PageHeader { Type = (PageType)(-1), UncompressedSize = -1, CompressedSize = -1, ValueCount = -1, IsCompressed = true };
        short detail = 0;
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 1: header = header with { Type = (PageType)reader.I32(type) }; break;
                case 2: header = header with { UncompressedSize = reader.I32(type) }; break;
                case 3: header = header with { CompressedSize = reader.I32(type) }; break;
                case 5 or 7 or 8:
                    ThriftCompactReader.Expect(ThriftType.Struct, type);
                    header = ReadDetail(ref reader, header, id);
                    detail = id;
                    break;
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        return header.Checked(detail);
    }

    private static PageHeader ReadDetail(ref ThriftCompactReader reader, PageHeader header, short detail)
    {
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (detail, id)
            {
                case (_, 1): header = header with { ValueCount = reader.I32(type) }; break;
                case (5 or 7, 2) or (8, 4): header = header with { Encoding = (ParquetEncoding)reader.I32(type) }; break;
                case (5, 3): header = header with { DefinitionLevelEncoding = (ParquetEncoding)reader.I32(type) }; break;
                case (5, 4): header = header with { RepetitionLevelEncoding = (ParquetEncoding)reader.I32(type) }; break;
                case (8, 5): header = header with { DefinitionLevelsSize = reader.I32(type) }; break;
                case (8, 6): header = header with { RepetitionLevelsSize = reader.I32(type) }; break;
                case (8, 7): header = header with { IsCompressed = reader.Bool(type) }; break;
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        return header;
    }

    private PageHeader Checked(short detail)
    {
        if (UncompressedSize < 0 || CompressedSize < 0) throw ParquetException.Corrupt($"A page header states sizes of {UncompressedSize} and {CompressedSize} bytes.");
        var wanted = Type switch { PageType.Data => 5, PageType.Dictionary => 7, PageType.DataV2 => 8, _ => 0 };
        if (wanted == 0) return this;
        if (detail != wanted || ValueCount < 0) throw ParquetException.Corrupt($"The header of a page of type {Type} does not say how many values it holds.");
        var levels = (long)DefinitionLevelsSize + RepetitionLevelsSize;
        if (DefinitionLevelsSize < 0 || RepetitionLevelsSize < 0 || levels > CompressedSize || levels > UncompressedSize)
            throw ParquetException.Corrupt($"A page header states levels of {levels} bytes in a page of {CompressedSize} bytes.");
        return this;
    }
}
