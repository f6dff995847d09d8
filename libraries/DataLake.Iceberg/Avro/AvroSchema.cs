namespace DataLake.Iceberg.Avro;

internal enum AvroKind
{
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Record,
    Enum,
    Array,
    Map,
    Union,
    Fixed,
}

/// <summary>
/// An Avro schema with the attributes by which Iceberg stores field ids (<see href="https://iceberg.apache.org/spec/#avro">Appendix A, Avro</see>,
/// <see href="https://avro.apache.org/docs/1.12.0/specification/#schema-declaration">Avro, Schema Declaration</see>).
/// </summary>
internal sealed class AvroSchema
{
    // A schema that repeats named types can stand for far more values than its text has characters, and nest deeper.
    private const int MaxNodes = 20_000;
    private const int MaxDepth = 100;

    private AvroSchema(AvroKind kind, IReadOnlyList<AvroSchema> children, bool isProduct)
    {
        Kind = kind;
        var (nodes, depth, bytes) = (1L, 0, kind switch
        {
            AvroKind.Null or AvroKind.Record or AvroKind.Fixed => 0L,
            AvroKind.Float => 4,
            AvroKind.Double => 8,
            _ => 1,
        });
        foreach (var child in children)
        {
            nodes += child.Nodes;
            depth = Math.Max(depth, child.Depth);
            if (isProduct) bytes += child.MinimumBytes;
        }

        if (nodes > MaxNodes || depth >= MaxDepth)
            throw IcebergException.Unsupported("An Avro schema nests deeper or holds more fields than any manifest; the file cannot be read.");
        (Nodes, Depth, MinimumBytes) = ((int)nodes, depth + 1, (int)Math.Min(bytes, int.MaxValue));
    }

    public AvroKind Kind { get; }

    /// <summary>The name of a record, enum or fixed.</summary>
    public string? Name { get; private init; }

    /// <summary>The fields of a record.</summary>
    public IReadOnlyList<AvroField> Fields { get; private init; } = [];

    /// <summary>The branches of a union.</summary>
    public IReadOnlyList<AvroSchema> Branches { get; private init; } = [];

    /// <summary>The items of an array or the values of a map.</summary>
    public AvroSchema? Items { get; private init; }

    /// <summary>The symbols of an enum.</summary>
    public int Symbols { get; private init; }

    /// <summary>Bytes of a fixed.</summary>
    public int Size { get; private init; }

    public string? LogicalType { get; init; }

    public int Precision { get; init; }

    public int Scale { get; init; }

    public bool AdjustToUtc { get; init; }

    /// <summary>Iceberg's id of an array's items.</summary>
    public int? ElementId { get; init; }

    /// <summary>The fewest bytes a value takes: what a count is checked against before memory is set aside.</summary>
    public int MinimumBytes { get; private init; }

    /// <summary>Whether no value takes a byte: null, an empty record, a fixed of nothing.</summary>
    public bool IsVoid => Kind == AvroKind.Null || (Kind == AvroKind.Fixed && Size == 0) || (Kind == AvroKind.Record && FieldsWithBytes.Count == 0);

    /// <summary>The fields of a record that must be read to come past it. Without the others, work grows with the bytes and not with the schema.</summary>
    public IReadOnlyList<AvroField> FieldsWithBytes { get; private init; } = [];

    private int Nodes { get; }

    private int Depth { get; }

    /// <summary>Where the null of an optional value stands in its union: -1 when the value is not optional.</summary>
    public int NullBranch => Kind == AvroKind.Union && Branches.Count == 2 ? (Branches[0].Kind == AvroKind.Null ? 0 : Branches[1].Kind == AvroKind.Null ? 1 : -1) : -1;

    /// <summary>The schema without the union that makes it optional.</summary>
    public AvroSchema Value => NullBranch < 0 ? this : Branches[1 - NullBranch];

    public static AvroSchema Primitive(AvroKind kind) => new(kind, [], false);

    public static AvroSchema Logical(AvroKind kind, string logicalType, bool adjustToUtc = false, int precision = 0, int scale = 0) =>
        new(kind, [], false) { LogicalType = logicalType, AdjustToUtc = adjustToUtc, Precision = precision, Scale = scale };

    public static AvroSchema Record(string name, IReadOnlyList<AvroField> fields) => new(AvroKind.Record, [.. fields.Select(field => field.Schema)], true)
        {
            Name = name,
            Fields = fields,
            FieldsWithBytes = [.. fields.Where(field => !field.Schema.IsVoid)],
        };

    public static AvroSchema Array(AvroSchema items, int? elementId = null, string? logicalType = null) => items.MinimumBytes > 0
        ? new(AvroKind.Array, [items], false) { Items = items, ElementId = elementId, LogicalType = logicalType }
        : throw IcebergException.Unsupported("An Avro array has items that take no bytes; the file cannot be read.");

    public static AvroSchema Map(AvroSchema values) => new(AvroKind.Map, [values], false) { Items = values };

    public static AvroSchema Union(IReadOnlyList<AvroSchema> branches) => new(AvroKind.Union, branches, false) { Branches = branches };

    public static AvroSchema Optional(AvroSchema value) => Union([Primitive(AvroKind.Null), value]);

    public static AvroSchema Enum(string name, int symbols) => new(AvroKind.Enum, [], false) { Name = name, Symbols = symbols };

    public static AvroSchema Fixed(string name, int size, string? logicalType = null, int precision = 0, int scale = 0) =>
        new(AvroKind.Fixed, [], false) { Name = name, Size = size, LogicalType = logicalType, Precision = precision, Scale = scale, MinimumBytes = size };
}

/// <summary>A field of a record.</summary>
/// <param name="Name">The name in the Avro schema.</param>
/// <param name="Schema">The schema.</param>
/// <param name="FieldId">Iceberg's field id, if the writer stored one.</param>
/// <param name="OriginalName">The name of the Iceberg field, where it is no Avro name.</param>
internal sealed record AvroField(string Name, AvroSchema Schema, int? FieldId, string? OriginalName = null);
