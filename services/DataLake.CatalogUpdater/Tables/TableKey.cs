using DataLake.Iceberg;
using DataLake.Iceberg.Types;
using DataLake.Pipelines.Definitions;

namespace DataLake.CatalogUpdater.Tables;

/// <summary>The key of a definition as fields of a schema.</summary>
internal static class TableKey
{
    /// <summary>The schema with the key as its identifier fields, where the format allows it: all required, none floating-point. A view's columns, for example, are never known to be without NULL.</summary>
    public static Schema Identify(Schema columns, TableDefinition table)
    {
        List<NestedField> key = [.. table.Key.Select(columns.FindField).OfType<NestedField>()];
        return key.Count == table.Key.Count && key.TrueForAll(field => field is { Required: true, Type: PrimitiveType { Id: not (TypeId.Float or TypeId.Double) } })
            ? new Schema(columns.Columns, columns.SchemaId, [.. key.Select(field => field.Id)])
            : columns;
    }

    /// <summary>The ids of the key's fields.</summary>
    /// <exception cref="IcebergException">A column of the key is not there.</exception>
    public static IReadOnlyList<int> FieldIds(Schema schema, TableDefinition table) => [.. table.Key.Select(name => schema.Columns.Fields.FirstOrDefault(field => field.Name == name)?.Id
        ?? throw new IcebergException(IcebergErrorKind.Invalid, $"{table.Table} has no column '{name}', which is part of its key. Name the columns that identify a row in the definition's 'key'."))];
}
