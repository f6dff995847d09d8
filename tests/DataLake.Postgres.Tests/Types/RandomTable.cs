using System.Globalization;
using System.Text;
using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Tests.Types;

/// <summary>A table made at random, with names, policies, masks and a form of its file to match.</summary>
/// <param name="Values">The table; what it expects holds the policies and masks.</param>
/// <param name="Rules">The policies and masks.</param>
/// <param name="Options">How its file is written.</param>
internal sealed record RandomTable(ValueTable Values, ColumnRules Rules, ParquetWriterOptions Options)
{
    /// <summary>The key of masks.</summary>
    public const string Key = "a key of masks";

    private const int MostColumns = 16;
    private const int MostRows = 400;

    private static readonly string[] Names =
    [
        "plain", "Mixed Case", "UPPER", "select", "order", "user", "quo\"te", "it's", "größe", "列", "emoji 😀", "x,y", "semi;colon", "per%cent", "{0}", " spaces ", "back\\slash", "a.b", "$1", "--", "e\u0301",
        "a name of as many bytes as PostgreSQL takes, which are 63 bytes",
    ];

    private static readonly string[] Dates = ["date", "timestamp", "timestamptz"];
    private static readonly string[] Texts = ["text", "varchar(8)", "char(5)", "name", "short_text"];
    private static readonly string[] Unbounded = ["numeric", "numeric(50,3)", "numeric(3,40)", "money"];
    private static readonly CompressionCodec[] Codecs = [CompressionCodec.None, CompressionCodec.Snappy, CompressionCodec.Lz4Raw, CompressionCodec.Gzip, CompressionCodec.Brotli];

    /// <summary>Functions by which PostgreSQL itself says what a masked value is: HMAC-SHA-256 (RFC 2104) and what is made of it.</summary>
    public static string MaskFunctions =>
        $"""
        CREATE FUNCTION keyed_hash(value bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS
            $$SELECT sha256('\x{Pad(0x5C)}'::bytea || sha256('\x{Pad(0x36)}'::bytea || value))$$;
        CREATE FUNCTION hash_mask(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$SELECT encode(keyed_hash(convert_to(value, 'UTF8')), 'hex')$$;
        CREATE FUNCTION partial_mask(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
            $$SELECT repeat('*', length(value) - least(4, length(value) / 2)) || right(value, least(4, length(value) / 2))$$;
        CREATE FUNCTION days_of(by_column text, value text) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS $$
            SELECT CASE WHEN step < 365 THEN step - 365 ELSE step - 364 END
            FROM encode(keyed_hash(convert_to('date_shift', 'UTF8') || '\x00' || convert_to(by_column, 'UTF8') || '\x00' || convert_to(value, 'UTF8')), 'hex') hex,
                LATERAL (SELECT mod(('x' || left(hex, 8))::bit(32)::bigint::numeric * 4294967296 + ('x' || substr(hex, 9, 8))::bit(32)::bigint, 730)::int AS step) number$$;
        """;

    /// <summary>The columns' names as readers see them.</summary>
    public IReadOnlyList<string> ColumnNames => ["id", .. Values.ColumnNames];

    /// <summary>The next table.</summary>
    public static RandomTable Next(Random random, int number)
    {
        var policies = new TypePolicies
        {
            Arrays = random.Next(2) == 0 ? ArrayForm.Text : ArrayForm.List,
            Nan = random.Next(2) == 0 ? NotFinite.Refuse : NotFinite.Null,
            Infinity = random.GetItems([NotFinite.Refuse, NotFinite.Null, NotFinite.Text], 1)[0],
            DecimalScale = random.Next(2) == 0 ? null : random.Next(2, 20),
        };
        var kinds = KindsUnder(policies);
        var masks = new Dictionary<string, ColumnMaskRule>();
        var (names, columns) = (new List<string>(), new List<ValueKind>());
        for (var left = random.Next(1, MostColumns + 1); left > 0; left--)
        {
            var name = random.GetItems(Names, 1)[0];
            names.Add(!names.Contains(name) ? name : name.Length < 40 ? $"{name} {left}" : $"{left}");
            var precision = random.Next(1, 39);
            var kind = random.Next(6) == 0 ? Under(policies, ValueKind.Numeric(precision, random.Next(precision + 1))) : random.GetItems(kinds, 1)[0];
            columns.Add(random.Next(4) == 0 ? Masked(random, kind, names[^1], masks) : kind);
        }

        var nulls = random.Next(4) switch { 0 => 0, 1 => 1, _ => random.NextDouble() };
        var rows = random.Next(5) == 0 ? random.Next(3) : random.Next(MostRows + 1);
        var table = new ValueTable(random.Next(2) == 0 ? $"random_{number}" : $"\"Random größe {number}\"", [.. columns], rows, nulls, (random.NextDouble() * 2) - 1) { ColumnNames = names };
        var filters = names.Where((name, i) => random.Next(3) == 0 && !masks.ContainsKey(name) && !columns[i].Type.StartsWith("boolean", StringComparison.Ordinal));
        return new RandomTable(table, new ColumnRules { Policies = policies, Masks = masks }, new ParquetWriterOptions
        {
            Compression = random.GetItems(Codecs, 1)[0],
            PageBytes = random.GetItems([1024, 4096, 1 << 20], 1)[0],
            DictionaryLimitBytes = random.GetItems([0, 2048, 1 << 20], 1)[0],
            RowGroupRows = random.GetItems([1, 100, 1 << 20], 1)[0],
            BloomFilters = filters.ToDictionary(name => name, _ => new BloomFilterOptions { MaxBytes = 1024 }),
        });
    }

    private static ValueKind[] KindsUnder(TypePolicies policies)
    {
        var arrays = ValueKind.All.Where(kind => kind.Type.EndsWith("[]", StringComparison.Ordinal));
        IEnumerable<ValueKind> lists = policies.Arrays == ArrayForm.List ? [.. ValueKind.Lists, .. ValueKind.Lists] : arrays;
        var decimals = policies.DecimalScale is { } scale
            ? [
                new("numeric", $"'n:' || {{0}}::numeric(38,{scale})::text", "round((random() * 1e9 - 5e8)::numeric, (random() * 2)::int)", "0", "-0.01", "1.50"),
                new("money", $"'n:' || {{0}}::numeric::numeric(38,{scale})::text", "(random() * 100)::numeric::money", "1234.56", "-92233720368547758.08", "0"),
            ]
            : ValueKind.All.Where(kind => Unbounded.Contains(kind.Type));
        return [.. ValueKind.All.Except(arrays).Where(kind => !Unbounded.Contains(kind.Type)).Concat(lists).Concat(decimals).Select(kind => Under(policies, kind))];
    }

    /// <summary>A kind with the values that a policy lets through, and what becomes of them.</summary>
    private static ValueKind Under(TypePolicies policies, ValueKind kind)
    {
        if (kind.Expected.StartsWith("'n:'", StringComparison.Ordinal) && kind.Type != "money" && policies.Nan == NotFinite.Null)
        {
            return kind with { Expected = $"CASE WHEN {{0}} <> 'NaN' THEN {kind.Expected} END", Extremes = [.. kind.Extremes, "NaN"] };
        }

        return !Dates.Contains(kind.Type) || policies.Infinity == NotFinite.Refuse ? kind : kind with
        {
            Expected = policies.Infinity == NotFinite.Null ? $"CASE WHEN isfinite({{0}}) THEN {kind.Expected} END" : ValueKind.Output,
            Extremes = [.. kind.Extremes, "infinity", "-infinity"],
        };
    }

    /// <summary>A kind under a mask that fits it; the mask is added to the others.</summary>
    private static ValueKind Masked(Random random, ValueKind kind, string name, Dictionary<string, ColumnMaskRule> masks)
    {
        var mask = random.Next(4) switch
        {
            0 => ColumnMask.Null,
            1 => ColumnMask.Redact,
            2 when Texts.Contains(kind.Type) => ColumnMask.Partial,
            2 when Dates.Contains(kind.Type) => ColumnMask.DateShift,
            _ => ColumnMask.Hash,
        };
        masks[name] = new ColumnMaskRule(mask, mask == ColumnMask.DateShift ? "id" : null);
        return mask switch
        {
            ColumnMask.Null => kind with { Expected = "CASE WHEN {0} IS NULL THEN NULL::text END" },
            ColumnMask.Redact => kind with { Expected = "CASE WHEN {0} IS DISTINCT FROM NULL THEN '[redacted]' END" },
            ColumnMask.Partial => kind with { Expected = "partial_mask({0}::text)" },
            ColumnMask.DateShift => Shifted(kind),
            _ => kind with { Expected = $"hash_mask({TextOf(kind)})" },
        };
    }

    // Away from the ends of time, where days cannot be added.
    private static ValueKind Shifted(ValueKind kind)
    {
        var moved = kind.Type == "date" ? "({0} + days_of('id', id::text))" : "({0} + days_of('id', id::text) * interval '24 hours')";
        return kind with
        {
            Expected = string.Format(CultureInfo.InvariantCulture, kind.Type == "date" ? ValueKind.Day : ValueKind.Instant, moved),
            Extremes = ["1970-01-01", "0001-01-01", "2024-02-29", "9999-12-31"],
        };
    }

    private static string TextOf(ValueKind kind) => kind.Type switch
    {
        "inet" => ValueKind.Output,
        "money" => "{0}::numeric::text",
        _ => "{0}::text",
    };

    private static string Pad(byte with) => Convert.ToHexStringLower([.. Encoding.UTF8.GetBytes(Key.PadRight(64, '\0')).Select(part => (byte)(part ^ with))]);
}
