namespace DataLake.Iceberg.Types;

/// <summary>A type of the specification: <see cref="PrimitiveType"/>, <see cref="StructType"/>, <see cref="ListType"/>, <see cref="MapType"/> or <see cref="OpaqueType"/>. Compared by value.</summary>
public abstract record IcebergType
{
    private protected IcebergType()
    {
    }
}

/// <summary>A list of values; the element has a field id of its own.</summary>
/// <param name="ElementId">Field id of the element.</param>
/// <param name="Element">Type of the element.</param>
/// <param name="ElementRequired">Whether no element can be null.</param>
public sealed record ListType(int ElementId, IcebergType Element, bool ElementRequired) : IcebergType
{
    /// <inheritdoc/>
    public override string ToString() => $"list<{Element}>";
}

/// <summary>A map; key and value have field ids of their own. Keys are always required.</summary>
/// <param name="KeyId">Field id of the key.</param>
/// <param name="Key">Type of the key.</param>
/// <param name="ValueId">Field id of the value.</param>
/// <param name="Value">Type of the value.</param>
/// <param name="ValueRequired">Whether no value can be null.</param>
public sealed record MapType(int KeyId, IcebergType Key, int ValueId, IcebergType Value, bool ValueRequired) : IcebergType
{
    /// <inheritdoc/>
    public override string ToString() => $"map<{Key}, {Value}>";
}
