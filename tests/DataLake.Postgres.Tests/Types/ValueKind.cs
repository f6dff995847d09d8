using System.Diagnostics.CodeAnalysis;
using DataLake.Testing;

namespace DataLake.Postgres.Tests.Types;

/// <summary>A type with values to try.</summary>
/// <param name="Type">The type in SQL.</param>
/// <param name="Expected">An expression, with {0} for the column, of what readers of the lake see (in the form of tests/readers/read.mjs).</param>
/// <param name="Random">An expression of a random value.</param>
/// <param name="Extremes">Literals of values where things go wrong.</param>
internal sealed record ValueKind(string Type, string Expected, string Random, params string[] Extremes)
{
    public const string Number = "{0}::text";
    public const string Double = "CASE WHEN {0} = 'NaN' THEN 'NaN' ELSE 'd:' || encode(float8send({0}), 'hex') END";
    public const string Float = "CASE WHEN {0} = 'NaN' THEN 'NaN' ELSE 'f:' || encode(float4send({0}), 'hex') END";
    public const string Decimal = "'n:' || {0}::text";
    public const string Day = "({0} - date '1970-01-01')::text";
    public const string Instant = // Before PostgreSQL 14 extract() gives a double: whole seconds are exact in it, and so are a minute's microseconds.
        "trim_scale((extract(epoch from date_trunc('second', {0}))::numeric * 1000000 + extract(microseconds from {0})::numeric % 1000000) * 1000)::text";
    public const string List = "array_to_json({0})::text";
    public const string Output = "CASE WHEN {0} IS DISTINCT FROM NULL THEN format('%s', {0}) END"; // format() uses the type's own output

    /// <summary>Types that <see cref="All"/> uses beside PostgreSQL's own.</summary>
    public static string OwnTypes { get; } =
        $"""
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'very happy');
        CREATE DOMAIN price AS numeric(14,2);
        CREATE DOMAIN nested_price AS price CHECK (VALUE >= 0);
        CREATE DOMAIN short_text AS varchar(4);
        CREATE DOMAIN mood_domain AS mood;
        CREATE DOMAIN list_domain AS integer[];
        CREATE TYPE place AS (name text, floor int);
        CREATE TYPE labelled_place AS (place place, labels mood[], height numeric);
        CREATE TYPE floatrange AS RANGE (subtype = float8{(TestPostgres.MajorVersion >= 14 ? ", multirange_type_name = floatmultirange" : "")});
        """;

    /// <summary>A numeric of so many digits, so many of them after the point.</summary>
    public static ValueKind Numeric(int precision, int scale)
    {
        var whole = new string('9', precision - scale);
        var largest = (whole.Length > 0 ? whole : "0") + (scale > 0 ? "." + new string('9', scale) : "");
        var smallest = scale > 0 ? "0." + new string('0', scale - 1) + "1" : "1";
        var round = precision > scale ? "1" + new string('0', precision - scale - 1) : "0";
        var both = precision > scale && scale > 0 ? round + smallest[1..] : smallest;
        var digits = $"lpad((random() * 1e15)::bigint::text, 15, '0') || lpad((random() * 1e15)::bigint::text, 15, '0') || lpad((random() * 1e8)::bigint::text, 8, '0')";
        return new($"numeric({precision},{scale})", Decimal, $"(left({digits}, {precision})::numeric * (10::numeric ^ -{scale}))::numeric({precision},{scale}) * sign(random() - 0.5)::int",
            largest, "-" + largest, smallest, "-" + smallest, round, both, "0");
    }

    /// <summary>Types of extensions that come with PostgreSQL: the extension, and its types.</summary>
    public static IReadOnlyList<(string Extension, ValueKind[] Kinds)> OfExtensions { get; } =
    [
        ("citext", [new("citext", Output, "md5(random()::text)::citext", "", "Größe"), new("citext[]", Output, "ARRAY['A', 'a']::citext[]", "{}")]),
        ("hstore", [new("hstore", Output, "hstore('k', random()::text)", "", "\"a b\"=>NULL, \"c\"=>\"\\\"\"")]),
        ("ltree", [new("ltree", Output, "'Top.Science'::ltree", "", "a.b_c.d"), new("lquery", Output, "'Top.*{0,2}.sport*@'::lquery"), new("ltxtquery", Output, "'Europe & Russia*@'::ltxtquery")]),
    ];

    /// <summary>Arrays as lists, in the form of PostgreSQL's own JSON.</summary>
    public static IReadOnlyList<ValueKind> Lists { get; } =
    [
        new("smallint[]", List, "ARRAY(SELECT (random() * 100)::smallint FROM generate_series(1, (random() * 9)::int))", "{}", "{NULL}", "{-32768,NULL,32767}"),
        new("integer[]", List, "ARRAY(SELECT (random() * 4e9 - 2e9)::int FROM generate_series(1, (random() * 9)::int))", "{}", "{NULL}"),
        new("bigint[]", List, "ARRAY(SELECT (random() * 1e15)::bigint FROM generate_series(1, (random() * 300)::int))", "{}", "{NULL,NULL}"),
        new("boolean[]", List, "ARRAY(SELECT random() < 0.5 FROM generate_series(1, (random() * 20)::int))", "{}", "{t,NULL,f}"),
        new("text[]", List, "ARRAY(SELECT CASE WHEN random() < 0.8 THEN md5(random()::text) END FROM generate_series(1, (random() * 5)::int))", "{}", "{\"\",\"a,b\",NULL,\"NULL\"}"),
        new("mood[]", List, "ARRAY['sad', NULL]::mood[]", "{}", "{\"very happy\"}"),
    ];

    /// <summary>All types that the server has without extensions.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "Tests pick from it.")]
    public static ValueKind[] All { get; } = [.. OfAllVersions().Where(kind => kind.Since <= TestPostgres.MajorVersion)];

    /// <summary>The first major version of PostgreSQL that has it.</summary>
    private int Since => Type.EndsWith("multirange", StringComparison.Ordinal) ? 14 : Type is "numeric(5,-3)" or "numeric(2,5)" or "numeric(3,40)" ? 15 : 0;

    private static ValueKind[] OfAllVersions() =>
    [
        new("boolean", Number, "random() < 0.5", "true", "false"),
        new("smallint", Number, "(random() * 60000 - 30000)::smallint", "-32768", "32767", "0"),
        new("integer", Number, "(random() * 4e9 - 2e9)::integer", "-2147483648", "2147483647", "0"),
        new("bigint", Number, "(random() * 1.8e19 - 9e18)::bigint", "-9223372036854775808", "9223372036854775807", "9007199254740993", "0"),
        new("oid", Number, "(random() * 4e9)::bigint::oid", "0", "4294967295"),
        new("real", Float, "(random() * 2e10 - 1e10)::real", "NaN", "Infinity", "-Infinity", "-0", "0", "1e-45", "-1.1754942e-38", "3.4028235e38", "-3.4028235e38", "0.1"),
        new("double precision", Double, "random() * 2e100 - 1e100", "NaN", "Infinity", "-Infinity", "-0", "0", "5e-324", "-2.2250738585072009e-308", "1.7976931348623157e308", "0.1"),
        new("numeric(9,2)", Decimal, "(random() * 1e7 - 5e6)::numeric(9,2)", "9999999.99", "-9999999.99", "0.00", "0.01", "-0.01", "10000", "1000000"),
        new("numeric(18,8)", Decimal, "(random() * 1e10 - 5e9)::numeric(18,8)", "9999999999.99999999", "-9999999999.99999999", "0.00000001", "1000000000", "100000000.00000001", "0.0001"),
        new("numeric(38,8)", Decimal, "(random() * 1e30 - 5e29)::numeric(38,8)", "999999999999999999999999999999.99999999", "-999999999999999999999999999999.99999999", "100000000.00000001", "100000000000000000000000000000", "0.00000001"),
        new("numeric", Output, "random()::numeric * (10::numeric ^ (random() * 60 - 30)::int)", [.. TestPostgres.MajorVersion >= 14 ? (string[])["Infinity", "-Infinity"] : [], "NaN", "0", "1e100", "-1e-100", "1.500"]),
        new("numeric(50,3)", Output, "(random() * 1e40)::numeric(50,3)", "99999999999999999999999999999999999999999999999.999", "NaN"),
        new("numeric(5,-3)", Decimal, "(random() * 9e7)::numeric(5,-3)", "99999000", "-99999000"),
        new("numeric(2,5)", Decimal, "(random() / 2000)::numeric(2,5)", "0.00099", "-0.00099"),
        new("text", Output, "md5(random()::text)", "", "größer 漢字 😀", "line\nbreak \"quoted\" \\", "e\u0301"),
        new("varchar(8)", Output, "left(md5(random()::text), 8)", "", "12345678", "漢字漢字漢字漢字"),
        new("char(5)", Output, "left(md5(random()::text), 3)", "", "ab", "abcde", "é"),
        new("\"char\"", Output, "chr(65 + (random() * 20)::int)::\"char\"", "a"),
        new("name", Output, "md5(random()::text)::name", "pg_class"),
        new("bytea", "'0x' || encode({0}, 'hex')", "decode(md5(random()::text), 'hex')", "", "\\x00", "\\xff00ff"),
        new("date", Day, "date '1900-01-01' + (random() * 70000)::int", "4713-01-01 BC", "0001-12-31 BC", "0001-01-01", "1969-12-31", "1970-01-01", "5874897-12-31"),
        new("time", Instant, "time '00:00' + random() * interval '24 hours'", "00:00:00", "23:59:59.999999", "00:00:00.000001"),
        new("timestamp", Instant, "timestamp '1900-01-01' + random() * interval '200 years'", "4713-01-01 00:00:00 BC", "1969-12-31 23:59:59.999999", "1970-01-01", "2000-01-01 00:00:00.000001", "294247-01-10 04:00:54.775806"),
        new("timestamptz", Instant, "timestamptz '1900-01-01' + random() * interval '200 years'", "4713-01-01 00:00:00+00 BC", "0001-01-01 00:00:00+00 BC", "1999-12-31 23:59:59.999999+14", "2024-03-31 02:30:00+02", "294247-01-10 04:00:54.775806+00"),
        new("timetz", Output, "timetz '10:00+02' + random() * interval '5 hours'", "00:00:00+15:59", "24:00:00-15:59"),
        new("interval", Output, "random() * interval '1000 days'", "1 year 2 mons -3 days +04:05:06.789", "-178000000 years", "0"),
        new("uuid", "'0x' || replace({0}::text, '-', '')", "gen_random_uuid()", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        new("json", Output, "json_build_object('r', random())", "{\"b\": 1,  \"a\":[null]}", "null", "\"text\""),
        new("jsonb", Output, "jsonb_build_object('r', random())", "{\"b\": 1,  \"a\":[null]}", "null", "[]"),
        new("xml", Output, "xmlelement(name r, random())", "<a b=\"1\">x</a>"),
        new("inet", Output, "inet '10.0.0.0' + (random() * 1e6)::int", "192.168.1.1", "10.0.0.0/8", "::1", "fe80::/10"),
        new("cidr", Output, "'10.0.0.0/8'::cidr", "192.168.1.1", "::/0"),
        new("macaddr", Output, "'08:00:2b:01:02:03'::macaddr", "ff:ff:ff:ff:ff:ff"),
        new("bit varying(12)", Output, "(random() * 4000)::int::bit(12)::varbit(12)", "", "101"),
        new("mood", Output, "(ARRAY['sad', 'ok', 'very happy'])[1 + floor(random() * 3)::int]::mood", "sad", "very happy"),
        new("price", Decimal, "(random() * 1e5)::numeric(14,2)", "0.00", "999999999999.99"),
        new("nested_price", Decimal, "(random() * 1e5)::numeric(14,2)", "0.01"),
        new("short_text", Output, "left(md5(random()::text), 4)", "", "abcd"),
        new("integer[]", Output, "ARRAY[(random() * 100)::int, NULL]", "{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[5:6]={1,2}"),
        new("text[]", Output, "ARRAY[md5(random()::text)]", "{\"a,b\",\"\",NULL,\"NULL\"}"),
        new("numeric(10,2)[]", Output, "ARRAY[(random() * 100)::numeric(10,2)]", "{1.50,NaN}"),
        new("int4range", Output, "int4range(1, 2 + (random() * 10)::int)", "empty", "[1,10)", "(,)"),
        new("tstzrange", Output, "tstzrange('2020-01-01', timestamptz '2020-01-01' + random() * interval '9 days')", "[2020-01-01 00:00+00,infinity)"),
        new("int4multirange", Output, "'{[1,3),[7,9)}'::int4multirange", "{}"),
        new("place", Output, "ROW('x', (random() * 9)::int)::place", "(a,1)", "(,)", "(\"a,b\",)"),
        new("point", Output, "point(random(), random())", "(1,2)"),
        new("tsvector", Output, "to_tsvector('simple', md5(random()::text))", "'a':1 'b':2"),
        new("numeric(3,40)", Output, "(random() * 1e-38)::numeric(3,40)", "0", "-0.0000000000000000000000000000000000000999"),
        new("money", "{0}::numeric::text", "(random() * 100)::numeric::money", "1234.56", "-92233720368547758.08", "0"),
        new("macaddr8", Output, "'08:00:2b:01:02:03:04:05'::macaddr8", "ff:ff:ff:ff:ff:ff:ff:ff"),
        new("bit(5)", Output, "(random() * 31)::int::bit(5)", "00000", "10101"),
        new("jsonpath", Output, "'$.a[*]'::jsonpath", "strict $.\"x y\"?(@ > 1)"),
        new("tsquery", Output, "'a & !b'::tsquery", "", "'it''s' <-> b:*A"),
        new("line", Output, "line(point(0, 0), point(1, random() + 1))", "{1,-1,0.1}"),
        new("lseg", Output, "lseg(point(random(), 1), point(2, 3))", "[(1,2),(3,4)]"),
        new("box", Output, "box(point(random(), 1), point(2, 3))", "(3,4),(1,2)"),
        new("path", Output, "path '((0,0),(1,1))'", "[(0,0),(1e300,-0.1)]"),
        new("polygon", Output, "polygon(box(point(random(), 1), point(2, 3)))", "((0,0),(1,1),(NaN,Infinity))"),
        new("circle", Output, "circle(point(random(), 1), random())", "<(1,2),3>"),
        new("int8range", Output, "int8range(1, 2 + (random() * 10)::int)", "empty", "[,9223372036854775807)"),
        new("numrange", Output, "numrange(1.50, 2 + (random() * 10)::numeric)", "empty", "(1.50,2.500]"),
        new("daterange", Output, "daterange('2020-01-01', date '2020-01-02' + (random() * 10)::int)", "[-infinity,infinity]", "[0044-03-15 BC,)"),
        new("tsrange", Output, "tsrange('2020-01-01', timestamp '2020-01-01' + random() * interval '9 days')", "[-infinity,infinity]"),
        new("int8multirange", Output, "'{[1,3),[7,9)}'::int8multirange", "{}"),
        new("nummultirange", Output, "'{[1.5,3),[7,9]}'::nummultirange", "{}"),
        new("datemultirange", Output, "'{[2020-01-01,2020-02-01)}'::datemultirange", "{}"),
        new("tsmultirange", Output, "'{[2020-01-01,2020-02-01)}'::tsmultirange", "{}"),
        new("tstzmultirange", Output, "'{[2020-01-01,2020-02-01)}'::tstzmultirange", "{}"),
        new("floatrange", Output, "floatrange(random(), 2)", "empty", "[0.1,)"),
        new("floatmultirange", Output, "'{[0.1,0.2)}'::floatmultirange", "{}"),
        new("pg_lsn", Output, "'16/B374D848'::pg_lsn", "0/0", "FFFFFFFF/FFFFFFFF"),
        new("xid", Output, "'42'::xid", "4294967295"),
        new("xid8", Output, "'42'::xid8", "18446744073709551615"),
        new("tid", Output, "'(1,2)'::tid", "(4294967295,65535)"),
        new("regtype", Output, "'integer'::regtype", "text[]"),
        new("regclass", Output, "'pg_class'::regclass", "0"),
        new("int2vector", Output, "'1 2'::int2vector", ""),
        new("labelled_place", Output, "ROW(ROW('x', (random() * 9)::int), ARRAY['ok'], 1.50)::labelled_place", "(\"(a,1)\",\"{sad,\"\"very happy\"\"}\",NaN)", "(,,)"),
        new("mood[]", Output, "ARRAY['sad', NULL]::mood[]", "{}", "{\"very happy\"}"),
        new("place[]", Output, "ARRAY[ROW('x', 1)::place, NULL]", "{}", "{\"(a,)\"}"),
        new("date[]", Output, "ARRAY[date '2020-01-01', 'infinity']", "{}", "{-infinity}"),
        new("bytea[]", Output, "ARRAY[decode('ff00', 'hex')]", "{}"),
        new("int4range[]", Output, "ARRAY[int4range(1, 5)]", "{}"),
        new("double precision[]", Output, "ARRAY[random(), 'NaN', '-0']", "{}", "{{0.1},{1e300}}"),
        new("mood_domain", Output, "'ok'::mood_domain", "sad"),
        new("list_domain", Output, "ARRAY[1, 2]::list_domain", "{}", "{{1},{2}}"),
    ];
}
