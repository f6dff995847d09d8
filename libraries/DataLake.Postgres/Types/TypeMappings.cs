using DataLake.Parquet.Columns;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Postgres.Tables;
using Int32Values = DataLake.Parquet.Reading.FixedWidthColumnValues<int>;
using Int64Values = DataLake.Parquet.Reading.FixedWidthColumnValues<long>;

namespace DataLake.Postgres.Types;

/// <summary>
/// What every type of PostgreSQL becomes. The first line that takes a column decides; the last takes all. A domain is looked up by its base type. Names of
/// types here are PostgreSQL's own; docs/types.md shows the lines as they are.
/// </summary>
public static class TypeMappings
{
    private const string NotANumber = "NaN, Infinity, -Infinity (see `types.nan`)";
    private const string Infinite = "infinity, -infinity (see `types.infinity`)";
    private const string LastTimestamp = "; after 294247-01-10 04:00:54.775806";

    /// <summary>The lines, in the order in which they are asked.</summary>
    public static IReadOnlyList<TypeMapping> All { get; } =
    [
        Type("boolean", "BOOLEAN", "boolean", PostgresTypeId.Boolean,
            form => form.Of(PhysicalType.Boolean, null, (BooleanColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new BooleanSentForm()), (FixedWidthColumnValues<bool> values) => FixedWidthEncoder.Of(values, new BooleanWireForm()))),
        Type("smallint", "INT32", "int", PostgresTypeId.Int2,
            form => form.Of(PhysicalType.Int32, null, (Int32ColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new Int16SentForm()), (Int32Values values) => FixedWidthEncoder.Of(values, new Int16WireForm()))),
        Type("integer", "INT32", "int", PostgresTypeId.Int4,
            form => form.Of(PhysicalType.Int32, null, (Int32ColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new Int32SentForm()), (Int32Values values) => FixedWidthEncoder.Of(values, new Int32WireForm()))),
        Type("bigint", "INT64", "long", PostgresTypeId.Int8,
            form => form.Of(PhysicalType.Int64, null, (Int64ColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new Int64SentForm()), (Int64Values values) => FixedWidthEncoder.Of(values, new Int64WireForm()))),
        Type("oid", "INT64", "long", PostgresTypeId.Oid,
            form => form.Of(PhysicalType.Int64, null, (Int64ColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new OidSentForm()), (Int64Values values) => FixedWidthEncoder.Of(values, new OidWireForm()))),
        Type("real", "FLOAT", "float", PostgresTypeId.Float4,
            form => form.Of(PhysicalType.Float, null, (FloatColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new FloatSentForm()), (FixedWidthColumnValues<float> values) => FixedWidthEncoder.Of(values, new FloatWireForm()))) with
        { Remark = "Every bit is kept, so are -0, NaN and the infinities." },
        Type("double precision", "DOUBLE", "double", PostgresTypeId.Float8,
            form => form.Of(PhysicalType.Double, null, (DoubleColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new DoubleSentForm()), (FixedWidthColumnValues<double> values) => FixedWidthEncoder.Of(values, new DoubleWireForm()))) with
        { Remark = "As real." },
        new(["numeric(p,s) of up to 38 digits"], "DECIMAL(p,s) on INT32 (p to 9), INT64 (p to 18), else FIXED_LEN_BYTE_ARRAY", "decimal(p,s)", Fidelity.Exact)
        {
            Policy = "nan",
            Refused = NotANumber,
            Remark = "With s below zero it is decimal(p-s,0); with s above p, decimal(s,s).",
            Takes = (column, _) => column.TypeId == PostgresTypeId.Numeric && ColumnForm.DigitsOf(column) is { Precision: <= ColumnForm.LargestPrecision },
            Map = Numeric,
            IsNotFinite = NotFiniteValues.IsNumeric,
        },
        new(["numeric without precision", "numeric of more than 38 digits", "money"], "DECIMAL(38,s) on FIXED_LEN_BYTE_ARRAY(16)", "decimal(38,s)", Fidelity.Policy)
        {
            Policy = "numeric: decimal(38,s)",
            Refused = NotANumber + "; more than s digits after the point, or than 38-s before it",
            Remark = "Nothing is rounded.",
            Takes = (column, policies) => column.TypeId is PostgresTypeId.Numeric or PostgresTypeId.Money && policies.DecimalScale is not null,
            Map = form => form.Decimal(ColumnForm.LargestPrecision, form.Policies.DecimalScale!.Value) with { Select = form.AsNumeric },
            IsNotFinite = NotFiniteValues.IsNumeric,
        },
        new(["numeric without precision", "numeric of more than 38 digits"], "STRING", "string", Fidelity.ExactAsText)
        {
            Policy = "numeric: text",
            Remark = "All digits; NaN, Infinity and -Infinity are texts too.",
            Takes = (column, _) => column.TypeId == PostgresTypeId.Numeric,
        },
        Text(["money"], "The amount as a number (`-1234.56`), not as PostgreSQL shows it, which depends on lc_monetary: without currency and separators, with the currency's digits after the point.",
            PostgresTypeId.Money) with { Policy = "numeric: text" },
        Type("text", "STRING", "string", PostgresTypeId.Text, form => form.Text(form.Name)),
        Type("character varying", "STRING", "string", PostgresTypeId.Varchar, form => form.Text(form.Name)),
        Type("character", "STRING", "string", PostgresTypeId.Bpchar, form => form.Text(form.Name)) with { Remark = "With the blanks that fill it up." },
        Type("name", "STRING", "string", PostgresTypeId.Name, form => form.Text(form.Name)),
        Text(["\"char\""], "", PostgresTypeId.SingleChar),
        Text(["citext"], "The text is exact; that capitals do not count is for readers to know.", "citext"),
        Type("bytea", "BYTE_ARRAY", "binary", PostgresTypeId.Bytea,
            form => form.Of(PhysicalType.ByteArray, null, (ByteArrayColumnBuffer buffer) => new BytesDecoder(buffer), (ByteArrayColumnValues values) => new ByteArrayEncoder<BytesWireForm>(values))),
        new(["date", "timestamp without time zone", "timestamp with time zone"], "STRING", "string", Fidelity.Policy)
        {
            Policy = "infinity: text",
            Remark = "ISO 8601 with a space and, with a time zone, in UTC: `2024-03-31 00:30:00+00`, `0044-03-15 BC`, `infinity`.",
            Takes = (column, policies) => column.TypeId is PostgresTypeId.Date or PostgresTypeId.Timestamp or PostgresTypeId.Timestamptz && policies.Infinity == NotFinite.Text,
        },
        Type("date", "DATE", "date", PostgresTypeId.Date,
            form => form.Of(PhysicalType.Int32, LogicalType.Date, (Int32ColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new DateSentForm()), (Int32Values values) => FixedWidthEncoder.Of(values, new DateWireForm()))) with
        { Policy = "infinity", Refused = Infinite, Remark = "From 4713 BC to 5874897, on the proleptic Gregorian calendar.", IsNotFinite = NotFiniteValues.IsDate },
        Type("timestamp without time zone", "TIMESTAMP(MICROS, local)", "timestamp", PostgresTypeId.Timestamp, form => Timestamp(form, isAdjustedToUtc: false)) with
        { Policy = "infinity", Refused = Infinite + LastTimestamp, Remark = "To the microsecond, from 4713 BC.", IsNotFinite = NotFiniteValues.IsTimestamp },
        Type("timestamp with time zone", "TIMESTAMP(MICROS, UTC)", "timestamptz", PostgresTypeId.Timestamptz, form => Timestamp(form, isAdjustedToUtc: true)) with
        { Policy = "infinity", Refused = Infinite + LastTimestamp, Remark = "As timestamp. PostgreSQL keeps the instant only, not the zone it was written in.", IsNotFinite = NotFiniteValues.IsTimestamp },
        Type("time without time zone", "TIME(MICROS, local)", "time", PostgresTypeId.Time,
            form => form.Of(PhysicalType.Int64, LogicalType.Time(TimeUnit.Microseconds, isAdjustedToUtc: false), (Int64ColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new TimeSentForm()), (Int64Values values) => FixedWidthEncoder.Of(values, new Int64WireForm()))) with
        { Refused = "24:00:00" },
        Text(["time with time zone"], "With its offset: `10:00:00+02`.", PostgresTypeId.Timetz),
        Text(["interval"], "PostgreSQL's own form, whose months, days and time stay apart: `1 year 2 mons -3 days +04:05:06.789`. Parquet's INTERVAL has milliseconds only and no sign.",
            PostgresTypeId.Interval),
        Type("uuid", "UUID on FIXED_LEN_BYTE_ARRAY(16)", "uuid", PostgresTypeId.Uuid, form => form.Fixed(16, LogicalType.Uuid, buffer => new UuidDecoder(buffer), values => new ByteArrayEncoder<BytesWireForm>(values))),
        Type("json", "STRING", "string", PostgresTypeId.Json, form => form.Text(form.Name)) with { Remark = "As it was written, blanks and double keys included." },
        Type("jsonb", "STRING", "string", PostgresTypeId.Jsonb,
            form => form.Of(PhysicalType.ByteArray, LogicalType.String, (ByteArrayColumnBuffer buffer) => new JsonbDecoder(buffer), (ByteArrayColumnValues values) => new ByteArrayEncoder<JsonbWireForm>(values))) with
        { Fidelity = Fidelity.ExactAsText, Remark = "As PostgreSQL writes it; numbers keep all their digits." },
        Text(["jsonpath"], "", 4072),
        Text(["xml"], "", PostgresTypeId.Xml),
        Text(["inet", "cidr", "macaddr", "macaddr8"], "", PostgresTypeId.Inet, 650, 829, 774),
        Text(["bit", "bit varying"], "Zeros and ones.", 1560, 1562),
        Text(["int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"], "`[1,10)`, `empty`; a tstzrange in UTC.",
            3904, 3926, 3906, 3912, 3908, 3910),
        Text(["int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange"], "`{[1,3),[7,9)}`",
            4451, 4536, 4532, 4535, 4533, 4534),
        Text(["point", "line", "lseg", "box", "path", "polygon", "circle"], "Numbers with as many digits as it takes to read the same ones back.",
            600, 628, 601, 603, 602, 604, 718),
        Text(["tsvector", "tsquery"], "", 3614, 3615),
        Text(["hstore"], "`\"a\"=>\"1\", \"b\"=>NULL`", "hstore"),
        Text(["ltree", "lquery", "ltxtquery"], "", "ltree", "lquery", "ltxtquery"),
        Text(["pg_lsn", "xid", "xid8", "cid", "tid", "pg_snapshot", "txid_snapshot"], "", 3220, 28, 5069, 29, 27, 5038, 2970),
        Text(["regclass", "regtype", "regproc", "regprocedure", "regoper", "regoperator", "regrole", "regnamespace", "regconfig", "regdictionary", "regcollation"],
            "The name that the OID stands for when it is read; cast to oid in a view to keep the number.",
            2205, 2206, 24, 2202, 2203, 2204, 4096, 4089, 3734, 3769, 4191),
        new(["arrays of one dimension"], "LIST of what the elements become", "list", Fidelity.Policy)
        {
            Policy = "arrays: list",
            Refused = "arrays of more dimensions; arrays that do not begin at 1; elements that are refused by themselves",
            Remark = "Elements can be NULL. What is text by itself is text in a list; `types.nan` and `types.infinity` hold for elements too.",
            Takes = (column, policies) => policies.Arrays == ArrayForm.List && IsArray(column),
            Map = form => form.List(),
        },
        new(["arrays of any type and any number of dimensions"], "STRING", "string", Fidelity.ExactAsText)
        {
            Policy = "arrays: text",
            Remark = "`{1,NULL,3}`, `{{1,2},{3,4}}`, `[5:6]={1,2}`. Elements are as PostgreSQL writes them; money in them depends on lc_monetary.",
            Takes = (column, _) => IsArray(column),
        },
        new(["enums", "composite types", "ranges and multiranges of one's own", "types of extensions", "any other type"], "STRING", "string", Fidelity.ExactAsText)
        {
            Remark = "The text that PostgreSQL casts the value to. An enum's label; `(a,\"b c\",)` for a composite.",
        },
    ];

    /// <summary>The line for a column.</summary>
    public static TypeMapping Of(SourceTableColumn column, TypePolicies policies)
    {
        ArgumentNullException.ThrowIfNull(column);
        ArgumentNullException.ThrowIfNull(policies);
        return All.First(line => line.Takes(column, policies));
    }

    /// <summary>Whether values that are not finite are left out.</summary>
    internal static bool LeavesOut(TypeMapping line, TypePolicies policies) =>
        line.IsNotFinite is { } test && (test == NotFiniteValues.IsNumeric ? policies.Nan : policies.Infinity) == NotFinite.Null;

    /// <summary>Whether a type is text to PostgreSQL: its characters are the value.</summary>
    internal static bool IsText(SourceTableColumn column) =>
        column.TypeId is PostgresTypeId.Text or PostgresTypeId.Varchar or PostgresTypeId.Bpchar or PostgresTypeId.Name || IsNamed(column, "citext");

    private static TypeMapping Type(string type, string parquet, string iceberg, uint id, Func<ColumnForm, ColumnMapping> map) =>
        new([type], parquet, iceberg, Fidelity.Exact) { Takes = (column, _) => column.TypeId == id, Map = map };

    private static TypeMapping Text(IReadOnlyList<string> types, string remark, params uint[] ids) =>
        new(types, "STRING", "string", Fidelity.ExactAsText) { Remark = remark, Takes = (column, _) => ids.Contains(column.TypeId) };

    private static TypeMapping Text(IReadOnlyList<string> types, string remark, params string[] names) =>
        new(types, "STRING", "string", Fidelity.ExactAsText) { Remark = remark, Takes = (column, _) => names.Any(name => IsNamed(column, name)) };

    // The types of extensions have OIDs of their own in each database. PostgreSQL writes the schema in front where it is not on the search path.
    private static bool IsNamed(SourceTableColumn column, string type) =>
        column.Type == type || column.Type.EndsWith($".{type}", StringComparison.Ordinal);

    // A domain over an array has the domain's name, and is kept as text.
    private static bool IsArray(SourceTableColumn column) => column.Type.EndsWith("[]", StringComparison.Ordinal);

    private static ColumnMapping Numeric(ColumnForm form)
    {
        var (precision, scale) = ColumnForm.DigitsOf(form.Source)!.Value;
        return form.Decimal(precision, scale);
    }

    private static ColumnMapping Timestamp(ColumnForm form, bool isAdjustedToUtc) => form.Of(
        PhysicalType.Int64, LogicalType.Timestamp(TimeUnit.Microseconds, isAdjustedToUtc), (Int64ColumnBuffer buffer) => FixedWidthDecoder.Of(buffer, new TimestampSentForm()), (Int64Values values) => FixedWidthEncoder.Of(values, new TimestampWireForm()));
}
