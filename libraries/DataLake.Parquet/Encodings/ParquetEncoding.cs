namespace DataLake.Parquet.Encodings;

/// <summary>How a page encodes values. The numbers are those of <c>enum Encoding</c> in parquet.thrift; see
/// <see href="https://github.com/apache/parquet-format/blob/master/Encodings.md">Encodings.md</see>.</summary>
public enum ParquetEncoding
{
    /// <summary>Values one after another.</summary>
    Plain = 0,

    /// <summary>The older name of <see cref="RleDictionary"/> (data pages) and <see cref="Plain"/> (dictionary pages). Read, not written.</summary>
    PlainDictionary = 2,

    /// <summary>Hybrid of runs and bit-packing: levels, and booleans in newer files.</summary>
    Rle = 3,

    /// <summary>Deprecated level encoding. Recognised only.</summary>
    BitPacked = 4,

    /// <summary>Recognised only.</summary>
    DeltaBinaryPacked = 5,

    /// <summary>Recognised only.</summary>
    DeltaLengthByteArray = 6,

    /// <summary>Recognised only.</summary>
    DeltaByteArray = 7,

    /// <summary>Indices into the chunk's dictionary page, in the hybrid of <see cref="Rle"/>.</summary>
    RleDictionary = 8,

    /// <summary>Recognised only.</summary>
    ByteStreamSplit = 9,
}
