using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Types;

/// <summary>A table's columns at one time: a struct with a schema id (<see href="https://iceberg.apache.org/spec/#schemas-and-data-types">Schemas</see>).</summary>
public sealed record Schema
{
    /// <summary>Field ids above this one belong to metadata columns such as <c>_pos</c>.</summary>
    public const int HighestAllowedFieldId = 2147483447;

    private readonly FieldIndex index;

    /// <summary>Makes a schema, and checks it.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="schemaId">The schema id; a table assigns it when the schema is added.</param>
    /// <param name="identifierFieldIds">The fields that identify a row: required, primitive, not floating-point, and not inside a list, map or optional struct.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: an id or a name stands twice, an id is reserved, or a field cannot identify rows.</exception>
    public Schema(StructType columns, int schemaId = 0, IReadOnlyList<int>? identifierFieldIds = null)
        : this(columns, schemaId, identifierFieldIds, HighestAllowedFieldId)
    {
    }

    private Schema(StructType columns, int schemaId, IReadOnlyList<int>? identifierFieldIds, int highestAllowedId)
    {
        ArgumentNullException.ThrowIfNull(columns);
        Columns = columns;
        SchemaId = schemaId;
        IdentifierFieldIds = identifierFieldIds ?? [];
        index = new FieldIndex(columns, highestAllowedId);
        foreach (var id in IdentifierFieldIds)
            if (index.IdentifierFault(id) is { } fault) throw IcebergException.Invalid($"Field {id} cannot identify rows: {fault}. Remove it from identifier-field-ids.");
    }

    /// <summary>What to read and write of rows: these columns, and metadata columns behind them. No table has such a schema.</summary>
    internal Schema With(params IReadOnlyList<NestedField> metadataColumns) => new(new StructType([.. Columns.Fields, .. metadataColumns]), SchemaId, IdentifierFieldIds, int.MaxValue);

    /// <summary>The columns.</summary>
    public StructType Columns { get; }

    /// <summary>The schema id.</summary>
    public int SchemaId { get; init; }

    /// <summary>Ids of the fields that identify a row; may be empty.</summary>
    public IReadOnlyList<int> IdentifierFieldIds { get; }

    /// <summary>Fields of the JSON object that this library does not know.</summary>
    public JsonFields Unknown { get; init; } = JsonFields.None;

    /// <summary>The highest field id in use, nested fields included; zero without columns.</summary>
    public int HighestFieldId => index.HighestId;

    /// <summary>The ids of all fields, nested ones included.</summary>
    public IReadOnlyCollection<int> FieldIds => index.Ids;

    /// <summary>The field with an id, at any depth, or null. Elements, keys and values are fields named <c>element</c>, <c>key</c> and <c>value</c>.</summary>
    public NestedField? FindField(int id) => index.Find(id);

    /// <summary>The field with a full name such as <c>address.city</c>, or null.</summary>
    public NestedField? FindField(string fullName) => index.Find(fullName);

    /// <summary>The full name of a field, or null.</summary>
    public string? FullName(int id) => index.FullName(id);

    /// <summary>Whether the field is a column or inside structs only, so that a row has one value of it.</summary>
    public bool HasOneValueARow(int id) => index.IsOutsideListsAndMaps(id);

    /// <summary>Whether columns and identifier fields are the same; the schema id does not matter.</summary>
    public bool IsSameAs(Schema other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Columns.Equals(other.Columns) && IdentifierFieldIds.Order().SequenceEqual(other.IdentifierFieldIds.Order());
    }

    /// <inheritdoc/>
    public bool Equals(Schema? other) => other is not null && SchemaId == other.SchemaId && IsSameAs(other) && Unknown.Equals(other.Unknown);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(SchemaId, Columns);
}
