namespace DataLake.Parquet;

/// <summary>What went wrong with a Parquet file or with a call.</summary>
public enum ParquetErrorKind
{
    /// <summary>The bytes are not a Parquet file: the magic number is missing.</summary>
    NotParquet,

    /// <summary>The file ends before what its own lengths promise. It may still have been on its way: reading again can help.</summary>
    Truncated,

    /// <summary>The file contradicts itself or the format. Write it again from its source.</summary>
    Corrupt,

    /// <summary>The file is valid but uses a feature this library does not read (a codec, an encoding, nested columns).</summary>
    Unsupported,

    /// <summary>The file asks for more memory than <c>ParquetReaderOptions</c> allows.</summary>
    LimitExceeded,

    /// <summary>A schema or an option is not valid.</summary>
    InvalidSchema,

    /// <summary>A value does not fit its column (a null in a required column, a wrong fixed length, more than 1 GiB).</summary>
    InvalidValue,

    /// <summary>A call came at the wrong time: columns of unequal row counts at the end of a batch, or a writer that is complete.</summary>
    InvalidState,
}
