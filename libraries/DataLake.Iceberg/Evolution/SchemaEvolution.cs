using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Evolution;

/// <summary>
/// How a table's schema follows that of its new files, column by column, known by field id (<see href="https://iceberg.apache.org/spec/#schema-evolution">Schema Evolution</see>):
/// columns are added, renamed, widened, made optional and moved. A column that the new files do not have stays, optional, behind the others, so that earlier rows keep their
/// values; where a new column has taken its name it leaves the current schema, and only earlier snapshots show it. What the files of any earlier schema could not be read as is refused.
/// </summary>
public static class SchemaEvolution
{
    /// <summary>The updates that make the table take in files of another schema; none where it takes them as it is.</summary>
    /// <param name="tableName">The table's name, for errors.</param>
    /// <param name="table">The table.</param>
    /// <param name="files">The schema of the new files. Its identifier fields replace the table's, if it has any.</param>
    /// <param name="keepsRows">Whether rows of earlier snapshots stay in the table. False for a commit that replaces all: then new columns may be required.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a column changed in a way that earlier files cannot be read by.</exception>
    public static IReadOnlyList<TableUpdate> Updates(string tableName, TableMetadata table, Schema files, bool keepsRows = true)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(files);
        var next = new Evolved(tableName, table, keepsRows && table.CurrentSnapshotId is not null).To(files);
        if (next.IsSameAs(table.CurrentSchema)) return [];
        List<TableUpdate> updates = [new TableUpdate.AddSchema(next), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded)];

        // A table that never had files has no past to be read by.
        if (!table.HasHadFiles) updates.Add(new TableUpdate.RemoveSchemas([.. table.Schemas.Where(schema => !schema.IsSameAs(next)).Select(schema => schema.SchemaId)]));
        return updates;
    }

    private sealed class Evolved(string tableName, TableMetadata table, bool hasRows)
    {
        private readonly Schema current = table.CurrentSchema;

        public Schema To(Schema files)
        {
            List<NestedField> fields = [.. files.Columns.Fields.Select(Next)];
            var names = files.Columns.Fields.Select(field => field.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var field in current.Columns.Fields)
            {
                if (files.Columns.Field(field.Id) is not null) continue;
                if (names.Contains(field.Name)) CheckUnused(field);
                else fields.Add(field with { Required = false });
            }

            var identifiers = files.IdentifierFieldIds.Count > 0 ? files.IdentifierFieldIds : current.IdentifierFieldIds;
            foreach (var id in identifiers) CheckIdentifier(id, fields, files);
            return new Schema(new StructType(fields), identifierFieldIds: identifiers);
        }

        /// <summary>The table's field for one of the files'.</summary>
        private NestedField Next(NestedField field)
        {
            if (current.Columns.Field(field.Id) is { } present)
            {
                return field with
                {
                    Type = Merge(field, present.Type, field.Type),
                    Required = field.Required && (present.Required || !hasRows),
                    Doc = field.Doc ?? present.Doc,
                    Unknown = present.Unknown,
                };
            }

            // A column that was dropped before and comes back: files of then hold it under the same id.
            var type = field.Type;
            foreach (var schema in table.Schemas)
                if (schema.Columns.Field(field.Id) is { } earlier) type = Merge(field, earlier.Type, type);
            if (field.Required && hasRows)
            {
                throw IcebergException.Invalid(
                    $"Table {tableName}: the new column '{field.Name}' ({field.Type}) is required, but the rows that are in the table have no value of it. "
                    + "Make the column nullable in the source, replace the table by a full load, or drop the table and load it anew.");
            }

            return field with { Type = type };
        }

        private IcebergType Merge(NestedField field, IcebergType from, IcebergType to)
        {
            switch (from, to)
            {
                case (PrimitiveType narrow, PrimitiveType wide) when TypePromotion.IsAllowed(narrow, wide):
                    return wide;
                case (PrimitiveType wide, PrimitiveType narrow) when table.HasHadFiles && TypePromotion.IsAllowed(narrow, wide):
                    // Narrower than what the table has become: those files are read as the wider type, as earlier ones are.
                    return wide;
                case (ListType mine, ListType theirs) when mine.ElementId == theirs.ElementId:
                    return new ListType(mine.ElementId, Merge(field, mine.Element, theirs.Element), theirs.ElementRequired && (mine.ElementRequired || !hasRows));
                case var _ when from.Equals(to) || !table.HasHadFiles:
                    return to;
                default:
                    throw IcebergException.Invalid(
                        $"Table {tableName}: the column '{field.Name}' was {Describe(from)} and is now {Describe(to)}, and files with the one cannot be read as the other. "
                        + "Undo the change in the source; or give the column a new name there, so that it becomes a new column and the earlier values stay under the old one; "
                        + "or drop the table and load it anew.");
            }
        }

        /// <summary>A type; of a list with the id of its elements, where the difference may be.</summary>
        private static string Describe(IcebergType type) => type is ListType list ? $"{list} (elements {list.ElementId})" : $"{type}";

        /// <summary>A column that leaves the current schema may not be what partitions or identifies rows.</summary>
        private void CheckUnused(NestedField field)
        {
            var use = current.IdentifierFieldIds.Contains(field.Id) ? "identifies its rows"
                : table.DefaultSpec.Fields.Any(part => part.SourceId == field.Id) ? "partitions it"
                : table.DefaultSortOrder.Fields.Any(part => part.SourceId == field.Id) ? "sorts it"
                : null;
            if (use is null) return;
            throw IcebergException.Invalid(
                $"Table {tableName}: the column '{field.Name}' ({field.Type}, id {field.Id}) {use}, and the source has dropped it and made another of the same name. "
                + "Rename the new column in the source, change the table's key, partitions or order first, or drop the table and load it anew.");
        }

        private void CheckIdentifier(int id, List<NestedField> fields, Schema files)
        {
            // Inside a struct, or not there at all: the schema's own rules say it.
            if (fields.Find(field => field.Id == id) is not { Required: false } field) return;
            var cause = files.Columns.Field(id) is null ? "the source has dropped it" : files.Columns.Field(id)!.Required ? "rows of the table may have no value of it" : "it can be null now";
            throw IcebergException.Invalid(
                $"Table {tableName}: the column '{field.Name}' ({field.Type}) identifies its rows and must be required, but {cause}. "
                + "Make it NOT NULL in the source, choose another key, or drop the table and load it anew.");
        }
    }
}
