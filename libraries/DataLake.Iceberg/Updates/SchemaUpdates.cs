using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Updates;

/// <summary>Updates of a table's schemas.</summary>
internal static class SchemaUpdates
{
    public static void Add(UpdateState state, Schema schema)
    {
        var table = state.Table;
        if (table.Schemas.FirstOrDefault(schema.IsSameAs) is { } present)
        {
            state.LastAddedSchemaId = present.SchemaId;
            return;
        }

        var id = table.Schemas.Count == 0 ? 0 : table.Schemas.Max(other => other.SchemaId) + 1;
        state.LastAddedSchemaId = id;
        state.Table = table with { Schemas = [.. table.Schemas, schema with { SchemaId = id }], LastColumnId = Math.Max(table.LastColumnId, schema.HighestFieldId) };
    }

    public static void SetCurrent(UpdateState state, int schemaId)
    {
        var id = UpdateState.Resolve(schemaId, state.LastAddedSchemaId, "schema");
        var schema = state.Table.FindSchema(id) ?? throw IcebergException.Invalid($"The table has no schema {id}; add it before it becomes the current one.");
        if (state.Table.FindSpec(state.Table.DefaultSpecId)?.Fault(schema) is { } fault)
            throw IcebergException.Invalid($"The schema does not go with the default partition spec: {fault}. Set another default spec in the same commit, before the schema.");
        state.Table = state.Table with { CurrentSchemaId = id };
    }

    public static void Remove(UpdateState state, IReadOnlyList<int> schemaIds)
    {
        if (schemaIds.Contains(state.Table.CurrentSchemaId)) throw IcebergException.Invalid("The current schema cannot be removed; set another first.");
        state.Table = state.Table with { Schemas = [.. state.Table.Schemas.Where(schema => !schemaIds.Contains(schema.SchemaId))] };
    }
}
