using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Updates;

/// <summary>Updates of a table's schemas.</summary>
internal static class SchemaUpdates
{
    private const int FirstVersionOfTypes = 3;

    public static void Add(UpdateState state, Schema schema)
    {
        var table = state.Table;
        if (table.Schemas.FirstOrDefault(schema.IsSameAs) is { } present)
        {
            state.LastAddedSchemaId = present.SchemaId;
            return;
        }

        if (table.FormatVersion < FirstVersionOfTypes && VersionFault(schema) is { } later)
            throw IcebergException.Invalid($"A table of version {table.FormatVersion} cannot have the schema: {later}, which begins with version {FirstVersionOfTypes}. Upgrade the table (upgrade-format-version), or choose another type.");
        if (table.HasHadFiles && EvolutionFault(state, schema) is { } fault) throw IcebergException.Invalid($"The schema cannot follow the current one: {fault}.");
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

    /// <summary>What of a schema older readers would not understand, or read wrongly; null if nothing.</summary>
    private static string? VersionFault(Schema schema)
    {
        foreach (var field in schema.FieldIds.Select(id => schema.FindField(id)!))
        {
            if (field.Type is OpaqueType or PrimitiveType { Id: TypeId.TimestampNs or TypeId.TimestamptzNs }) return $"the field '{schema.FullName(field.Id)}' is {field.Type}";
            if (DefaultValues.HasInitial(field)) return $"the field '{schema.FullName(field.Id)}' has an initial default";
        }

        return null;
    }

    /// <summary>What of a new schema would let old data files be read wrongly (<see href="https://iceberg.apache.org/spec/#schema-evolution">Schema Evolution</see>), or null.</summary>
    private static string? EvolutionFault(UpdateState state, Schema schema)
    {
        var table = state.Table;
        foreach (var id in schema.FieldIds.Where(id => id <= table.LastColumnId))
        {
            var field = schema.FindField(id)!;
            var present = table.FindSchema(table.CurrentSchemaId)?.FindField(id) ?? table.Schemas.Select(other => other.FindField(id)).LastOrDefault(known => known is not null);
            if (present is null) return $"the field '{schema.FullName(id)}' has the id {id}, which was assigned before; new fields begin at {table.LastColumnId + 1}";
            var isAllowed = (present.Type, field.Type) switch
            {
                (PrimitiveType from, PrimitiveType to) => TypePromotion.IsAllowed(from, to),
                (OpaqueType from, OpaqueType to) => from == to,
                var (from, to) => from.GetType() == to.GetType(),
            };
            if (!isAllowed) return $"the field '{schema.FullName(id)}' (id {id}) is {present.Type} and cannot become {field.Type}; add a new field for it";
            if (DefaultValues.InitialTextOf(present) != DefaultValues.InitialTextOf(field)) return $"the field '{schema.FullName(id)}' (id {id}) would get another initial default, which never changes";
        }

        return null;
    }
}
