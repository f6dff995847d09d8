using System.Globalization;
using System.Text;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Types;

namespace DataLake.Aws.Glue;

/// <summary>
/// The columns that Glue shows for an Iceberg table, as Iceberg's own Glue catalog writes them (<see href="https://iceberg.apache.org/docs/latest/aws/#glue-catalog">Glue catalog</see>): for people,
/// search and permissions. Engines read the metadata file.
/// </summary>
internal static class GlueColumns
{
    private const int LongestComment = 255;

    /// <summary>The columns of the current schema, and after them those that only older schemas have, marked as not current; each name once.</summary>
    public static IReadOnlyList<GlueColumn> Of(TableMetadata table)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var columns = new List<GlueColumn>();
        foreach (var schema in table.Schemas.OrderByDescending(schema => schema.SchemaId == table.CurrentSchemaId))
        {
            foreach (var field in schema.Columns.Fields)
                if (names.Add(field.Name)) columns.Add(Column(field, schema.SchemaId == table.CurrentSchemaId));
        }

        return columns;
    }

    /// <summary>A type by the name that Hive has for the nearest one: times of day and UUIDs are strings, and both kinds of timestamp are one.</summary>
    public static string TypeOf(IcebergType type) => type switch
    {
        StructType row => $"struct<{string.Join(',', row.Fields.Select(field => $"{field.Name}:{TypeOf(field.Type)}"))}>",
        ListType list => $"array<{TypeOf(list.Element)}>",
        MapType map => $"map<{TypeOf(map.Key)},{TypeOf(map.Value)}>",
        PrimitiveType { Id: TypeId.Decimal } number => string.Create(CultureInfo.InvariantCulture, $"decimal({number.Precision},{number.Scale})"),
        PrimitiveType { Id: TypeId.Long } => "bigint",
        PrimitiveType { Id: TypeId.Time or TypeId.Uuid } => "string",
        PrimitiveType { Id: TypeId.Timestamptz } => "timestamp",
        PrimitiveType { Id: TypeId.Fixed } => "binary",
        _ => type.ToString(),
    };

    /// <summary>Text as Glue takes it: cut, and without the control characters that it refuses.</summary>
    public static string? Text(string? text, int longest)
    {
        if (string.IsNullOrEmpty(text)) return null;
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length + rune.Utf16SequenceLength > longest) break;
            shown.Append(Rune.IsControl(rune) || rune.Value is 0xFFFE or 0xFFFF ? " " : rune.ToString());
        }

        return shown.ToString();
    }

    private static GlueColumn Column(NestedField field, bool isCurrent) => new(field.Name, TypeOf(field.Type), Text(field.Doc, LongestComment), new Dictionary<string, string>
    {
        ["iceberg.field.id"] = field.Id.ToString(CultureInfo.InvariantCulture),
        ["iceberg.field.optional"] = field.Required ? "false" : "true",
        ["iceberg.field.current"] = isCurrent ? "true" : "false",
    });
}
