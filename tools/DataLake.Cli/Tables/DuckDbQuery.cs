using System.Globalization;
using System.Text;
using DataLake.Cli.Output;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Types;

namespace DataLake.Cli.Tables;

/// <summary>
/// A snapshot as a query over its Parquet files, for DuckDB without any extension. Where the table's columns ever changed, they are found by field id, as Iceberg does, so that renamed ones keep their values.
/// </summary>
internal static class DuckDbQuery
{
    private static readonly string[] OwnNames = ["filename", "file_row_number"];

    /// <param name="table">The table.</param>
    /// <param name="schema">The snapshot's columns.</param>
    /// <param name="files">Its files.</param>
    /// <param name="vectorRows">As <see cref="SnapshotContent.VectorRows"/>.</param>
    /// <exception cref="Failure">The snapshot has what such a query cannot say: deletion vectors of many rows, deletes by key of single partitions, other formats than Parquet, structs or maps.</exception>
    public static string Of(TableMetadata table, Schema schema, IReadOnlyList<ScanFile> files, IReadOnlyDictionary<string, PositionSet>? vectorRows)
    {
        List<ManifestEntry> deletes = [.. files.SelectMany(file => file.Deletes).DistinctBy(entry => (entry.DataFile.FilePath, entry.DataFile.ContentOffset))];
        var byKey = deletes.FindAll(entry => entry.DataFile.Content == DataFileContent.EqualityDeletes);
        if (byKey.Exists(entry => table.FindSpec(entry.DataFile.PartitionSpecId) is not { IsUnpartitioned: true }) || files.Select(file => file.Data).Concat(deletes).Any(entry => entry.DataFile.FileFormat != FileFormat.Parquet && !entry.DataFile.IsDeletionVector))
        {
            throw new Failure("This snapshot has equality deletes of single partitions, or files that are not Parquet, and no query over plain files reads it. Open it with an Iceberg engine; docs/catalogs.md says how.");
        }

        if (vectorRows is null)
        {
            throw new Failure("The deletion vectors of this snapshot (format version 3) take more rows away than a query can name. Open it with an Iceberg engine (docs/catalogs.md says how), or wait for the next compaction.");
        }

        if (files.Count == 0)
        {
            return $"SELECT {string.Join(", ", schema.Columns.Fields.Select(field => $"CAST(NULL AS {TypeOf(field.Type)}) AS {Name(field.Name)}"))} WHERE false;";
        }

        var sql = new StringBuilder(deletes.Count == 0 ? "SELECT *" : "SELECT data.* EXCLUDE (filename, file_row_number)").AppendLine().Append("FROM read_parquet(");
        AppendList(sql, files.Select(file => file.Data.DataFile));
        // Files that compaction wrote may have more columns: ids of rows.
        var hasChanged = table.Schemas.Count > 1 || table.HasRowLineage;
        if (hasChanged)
        {
            AppendSchema(sql, schema.Columns.Fields);
        }

        sql.Append(", hive_partitioning = false");
        if (deletes.Count == 0)
        {
            return sql.Append(");").ToString();
        }

        if (schema.Columns.Fields.FirstOrDefault(field => OwnNames.Contains(field.Name, StringComparer.OrdinalIgnoreCase)) is { } taken)
        {
            throw new Failure($"The column '{taken.Name}' has the name by which DuckDB finds deleted rows. Open the table with an Iceberg engine; docs/catalogs.md says how.");
        }

        sql.Append(", filename = true, file_row_number = true) data");
        if (byKey.Count > 0)
        {
            AppendAges(sql, "added", files.Select(file => file.Data), "data");
        }

        sql.AppendLine().Append("WHERE ").AppendJoin("\n  AND ", Conditions(schema, deletes, byKey, vectorRows, hasChanged, files[0].Data.DataFile.FilePath));
        return sql.Append(';').ToString();
    }

    private static IEnumerable<string> Conditions(
        Schema schema, List<ManifestEntry> deletes, List<ManifestEntry> byKey, IReadOnlyDictionary<string, PositionSet> vectorRows, bool hasChanged, string location)
    {
        if (vectorRows.Values.Any(rows => rows.Count > 0))
        {
            yield return new StringBuilder("NOT EXISTS (FROM (VALUES")
                .AppendJoin(',', vectorRows.SelectMany(file => file.Value, (file, row) => string.Create(CultureInfo.InvariantCulture, $"\n    ({Text(PathOf(file.Key))}, {row})")))
                .AppendLine(") vector(file, pos)").Append("    WHERE vector.file = data.filename AND vector.pos = data.file_row_number)").ToString();
        }

        var positions = deletes.FindAll(entry => entry.DataFile is { Content: DataFileContent.PositionDeletes, IsDeletionVector: false });
        if (positions.Count > 0)
        {
            // Delete files name data files by their whole location.
            var scheme = location[..^PathOf(location).Length];
            var sql = new StringBuilder("NOT EXISTS (").AppendLine().Append("    FROM read_parquet(");
            AppendList(sql, positions.Select(entry => entry.DataFile));
            yield return sql.AppendLine(", hive_partitioning = false) deleted").Append("    WHERE deleted.file_path = ").Append(scheme.Length == 0 ? "" : $"{Text(scheme)} || ")
                .Append("data.filename AND deleted.pos = data.file_row_number)").ToString();
        }

        // A key that is deleted leaves older files only.
        foreach (var same in byKey.GroupBy(entry => string.Join(',', entry.DataFile.EqualityIds ?? [])))
        {
            var key = (same.First().DataFile.EqualityIds ?? []).Select(id => schema.Columns.Field(id)
                ?? throw new Failure($"Rows were deleted by the column {id}, which the table does not have any more. Open it with an Iceberg engine; docs/catalogs.md says how.")).ToList();
            var sql = new StringBuilder("NOT EXISTS (").AppendLine().Append("    FROM read_parquet(");
            AppendList(sql, same.Select(entry => entry.DataFile));
            if (hasChanged)
            {
                AppendSchema(sql, key);
            }

            sql.Append(", hive_partitioning = false, filename = true) keys");
            AppendAges(sql, "deleted", same, "keys");
            yield return sql.AppendLine().Append("    WHERE deleted.number > added.number AND ").AppendJoin(" AND ", key.Select(field => $"keys.{Name(field.Name)} IS NOT DISTINCT FROM data.{Name(field.Name)}")).Append(')').ToString();
        }
    }

    /// <summary>Joins files with the numbers of the commits that their rows are of.</summary>
    private static void AppendAges(StringBuilder sql, string name, IEnumerable<ManifestEntry> files, string of) => sql.Append(" JOIN (VALUES")
        .AppendJoin(',', files.Select(file => string.Create(CultureInfo.InvariantCulture, $"\n    ({Text(PathOf(file.DataFile.FilePath))}, {file.SequenceNumber ?? 0})"))).Append($") {name}(file, number) ON {name}.file = {of}.filename");

    private static void AppendList(StringBuilder sql, IEnumerable<DataFile> files) =>
        sql.Append('[').AppendJoin(',', files.Select(file => $"\n    {Text(PathOf(file.FilePath))}")).Append(']');

    private static void AppendSchema(StringBuilder sql, IEnumerable<NestedField> fields) => sql.Append(", schema = MAP {")
        .AppendJoin(',', fields.Select(field =>
            string.Create(CultureInfo.InvariantCulture, $"\n    {field.Id}: {{name: {Text(field.Name)}, type: {Text(TypeOf(field.Type))}, default_value: NULL}}"))).Append('}');

    private static string TypeOf(IcebergType type) => type switch
    {
        ListType list => $"{TypeOf(list.Element)}[]",
        PrimitiveType { Id: TypeId.Boolean } => "BOOLEAN",
        PrimitiveType { Id: TypeId.Int } => "INTEGER",
        PrimitiveType { Id: TypeId.Long } => "BIGINT",
        PrimitiveType { Id: TypeId.Float } => "FLOAT",
        PrimitiveType { Id: TypeId.Double } => "DOUBLE",
        PrimitiveType { Id: TypeId.Decimal } number => string.Create(CultureInfo.InvariantCulture, $"DECIMAL({number.Precision}, {number.Scale})"),
        PrimitiveType { Id: TypeId.Date } => "DATE",
        PrimitiveType { Id: TypeId.Time } => "TIME",
        PrimitiveType { Id: TypeId.Timestamp } => "TIMESTAMP",
        PrimitiveType { Id: TypeId.Timestamptz } => "TIMESTAMP WITH TIME ZONE",
        PrimitiveType { Id: TypeId.String } => "VARCHAR",
        PrimitiveType { Id: TypeId.Uuid } => "UUID",
        PrimitiveType { Id: TypeId.Fixed or TypeId.Binary } => "BLOB",
        _ => throw new Failure($"A column has the type {type}, which the query cannot name. Open the table with an Iceberg engine; docs/catalogs.md says how."),
    };

    /// <summary>The path of a location, as programs outside Iceberg open it.</summary>
    private static string PathOf(string location) =>
        !location.StartsWith("file:", StringComparison.Ordinal) ? location
        : location.StartsWith("file:///", StringComparison.Ordinal) ? location[(OperatingSystem.IsWindows() ? 8 : 7)..]
        : location[5..];

    private static string Text(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Name(string value) => $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
