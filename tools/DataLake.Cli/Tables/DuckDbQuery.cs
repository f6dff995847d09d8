using System.Globalization;
using System.Text;
using DataLake.Cli.Output;
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

    /// <exception cref="Failure">The snapshot has what such a query cannot say: equality deletes, other formats than Parquet, structs or maps.</exception>
    public static string Of(TableMetadata table, Schema schema, IReadOnlyList<ScanFile> files)
    {
        List<DataFile> deletes = [.. files.SelectMany(file => file.Deletes).Select(entry => entry.DataFile).DistinctBy(file => file.FilePath, StringComparer.Ordinal)];
        if (deletes.Exists(file => file.Content != DataFileContent.PositionDeletes) || files.Any(file => file.Data.DataFile.FileFormat != FileFormat.Parquet))
        {
            throw new Failure("This snapshot has equality deletes, or files that are not Parquet, and no query over plain files reads it. Open it with an Iceberg engine; docs/catalogs.md says how.");
        }

        if (files.Count == 0)
        {
            return $"SELECT {string.Join(", ", schema.Columns.Fields.Select(field => $"CAST(NULL AS {TypeOf(field.Type)}) AS {Name(field.Name)}"))} WHERE false;";
        }

        var sql = new StringBuilder(deletes.Count == 0 ? "SELECT *" : "SELECT * EXCLUDE (filename, file_row_number)").AppendLine().Append("FROM read_parquet(");
        AppendList(sql, files.Select(file => file.Data.DataFile));
        if (table.Schemas.Count > 1)
        {
            AppendSchema(sql, schema);
        }

        sql.Append(", hive_partitioning = false");
        if (deletes.Count > 0)
        {
            AppendDeletes(sql, schema, deletes, files[0].Data.DataFile.FilePath);
        }
        else
        {
            sql.Append(')');
        }

        return sql.Append(';').ToString();
    }

    private static void AppendDeletes(StringBuilder sql, Schema schema, List<DataFile> deletes, string location)
    {
        if (schema.Columns.Fields.FirstOrDefault(field => OwnNames.Contains(field.Name, StringComparer.OrdinalIgnoreCase)) is { } taken)
        {
            throw new Failure($"The column '{taken.Name}' has the name by which DuckDB finds deleted rows. Open the table with an Iceberg engine; docs/catalogs.md says how.");
        }

        // Delete files name data files by their whole location.
        var scheme = location[..^PathOf(location).Length];
        sql.AppendLine(", filename = true, file_row_number = true) data").AppendLine("WHERE NOT EXISTS (").Append("    FROM read_parquet(");
        AppendList(sql, deletes);
        sql.AppendLine(", hive_partitioning = false) deleted").Append("    WHERE deleted.file_path = ").Append(scheme.Length == 0 ? "" : $"{Text(scheme)} || ")
            .Append("data.filename AND deleted.pos = data.file_row_number)");
    }

    private static void AppendList(StringBuilder sql, IEnumerable<DataFile> files) =>
        sql.Append('[').AppendJoin(',', files.Select(file => $"\n    {Text(PathOf(file.FilePath))}")).Append(']');

    private static void AppendSchema(StringBuilder sql, Schema schema) => sql.Append(", schema = MAP {")
        .AppendJoin(',', schema.Columns.Fields.Select(field =>
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
