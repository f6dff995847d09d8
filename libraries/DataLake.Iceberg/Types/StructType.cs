using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Types;

/// <summary>A tuple of named fields.</summary>
/// <param name="Fields">The fields in order.</param>
public sealed record StructType(IReadOnlyList<NestedField> Fields) : IcebergType
{
    /// <summary>A struct without fields: the partition type of an unpartitioned table.</summary>
    public static StructType Empty { get; } = new([]);

    /// <summary>A struct of these fields.</summary>
    public static StructType Of(params NestedField[] fields) => new(fields);

    /// <summary>The field directly in this struct that has an id, or null.</summary>
    public NestedField? Field(int id)
    {
        foreach (var field in Fields)
            if (field.Id == id) return field;
        return null;
    }

    /// <inheritdoc/>
    public bool Equals(StructType? other) => other is not null && Fields.SequenceEqual(other.Fields);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields.Count == 0 ? 0 : HashCode.Combine(Fields.Count, Fields[0].Id, Fields[^1].Id);

    /// <inheritdoc/>
    public override string ToString() =>
        $"struct<{string.Join(", ", Fields.Select(field => $"{field.Id}: {field.Name}: {(field.Required ? "required" : "optional")} {field.Type}"))}>";
}

/// <summary>A field of a struct; a column when the struct is a schema's.</summary>
/// <param name="Id">The field id, unique in the schema, by which data files know the field whatever its name becomes.</param>
/// <param name="Name">The name, unique in its struct.</param>
/// <param name="Type">The type.</param>
/// <param name="Required">Whether no value can be null.</param>
/// <param name="Doc">A comment, or null.</param>
public sealed record NestedField(int Id, string Name, IcebergType Type, bool Required, string? Doc = null)
{
    /// <summary>Other fields of the JSON object, such as the defaults of version 3.</summary>
    public JsonFields Unknown { get; init; } = JsonFields.None;

    /// <summary>A field that can be null.</summary>
    public static NestedField Optional(int id, string name, IcebergType type, string? doc = null) => new(id, name, type, Required: false, doc);

    /// <summary>A field that cannot be null.</summary>
    public static NestedField Mandatory(int id, string name, IcebergType type, string? doc = null) => new(id, name, type, Required: true, doc);
}
