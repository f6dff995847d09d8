using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Partitioning;

/// <summary>The partition values of a data file, in the order of its spec's fields. Compared by value, as scan planning compares partitions.</summary>
public sealed class PartitionTuple : IEquatable<PartitionTuple>
{
    private readonly IcebergValue[] values;

    /// <summary>A tuple of these values.</summary>
    public PartitionTuple(params IcebergValue[] values) => this.values = values ?? throw new ArgumentNullException(nameof(values));

    /// <summary>The tuple of unpartitioned files.</summary>
    public static PartitionTuple Empty { get; } = new();

    /// <summary>How many values.</summary>
    public int Count => values.Length;

    /// <summary>The values.</summary>
    public ReadOnlySpan<IcebergValue> Values => values;

    /// <summary>The value of the spec's field at a position.</summary>
    public IcebergValue this[int position] => values[position];

    /// <inheritdoc/>
    public bool Equals(PartitionTuple? other) => other is not null && values.AsSpan().SequenceEqual(other.values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PartitionTuple);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in values) hash.Add(value);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => $"({string.Join(", ", values)})";
}
