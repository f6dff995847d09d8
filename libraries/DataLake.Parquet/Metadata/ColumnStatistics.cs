namespace DataLake.Parquet.Metadata;

/// <summary>What is known of the values of a column chunk (or, in a summary, of a whole column); <c>struct Statistics</c> in parquet.thrift.</summary>
public sealed record ColumnStatistics
{
    /// <summary>Rows without a value, or null if not recorded.</summary>
    public long? NullCount { get; init; }

    /// <summary>NaN values of a FLOAT or DOUBLE column, or null if not recorded.</summary>
    public long? NanCount { get; init; }

    /// <summary>A lower bound in PLAIN encoding (byte arrays without their length), or null if unknown. For floats never NaN; zero is -0.0.</summary>
    public ReadOnlyMemory<byte>? MinValue { get; init; }

    /// <summary>An upper bound in PLAIN encoding (byte arrays without their length), or null if unknown. For floats never NaN; zero is +0.0.</summary>
    public ReadOnlyMemory<byte>? MaxValue { get; init; }

    /// <summary>Whether <see cref="MinValue"/> is a value of the column and not only a bound; null if not recorded.</summary>
    public bool? IsMinExact { get; init; }

    /// <summary>Whether <see cref="MaxValue"/> is a value of the column and not only a bound; null if not recorded.</summary>
    public bool? IsMaxExact { get; init; }
}
