using System.Numerics;

namespace DataLake.Parquet.BloomFilters;

/// <summary>How the Bloom filter of a column is sized. It starts at <see cref="MaxBytes"/> and is folded, chunk by chunk, as small as
/// <see cref="FalsePositiveRate"/> allows for the values that are there; so <see cref="MaxBytes"/> is also the memory it takes.</summary>
public sealed record BloomFilterOptions
{
    /// <summary>The share of absent values that may look present. Default 0.01. Where <see cref="MaxBytes"/> is too small for it, more do.</summary>
    public double FalsePositiveRate { get; init; } = 0.01;

    /// <summary>The most bytes of one filter, rounded down to a power of two; at least 32. Default 1 MiB: good for 0.8 million different values at 0.01.</summary>
    public int MaxBytes { get; init; } = 1 << 20;

    internal int RoundedBytes => 1 << BitOperations.Log2((uint)MaxBytes);

    internal string? Fault() =>
        FalsePositiveRate is not (> 0 and < 1) ? $"a false positive rate is above 0 and below 1, not {FalsePositiveRate}"
        : MaxBytes is < 32 or > 128 << 20 ? $"a Bloom filter takes 32 to 134,217,728 bytes, not {MaxBytes}"
        : null;
}
