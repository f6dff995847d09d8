using DataLake.Postgres.Errors;
using DataLake.Postgres.Types;
using DataLake.Testing;
using DataLake.Testing.Readers;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

/// <summary>What a definition's <c>types</c> decide.</summary>
public sealed class TypePolicyTests(TestPostgres postgres)
{
    [Fact]
    public async Task Numbers_without_bounds_become_decimals_that_lose_no_digit()
    {
        var rows = await ReadAsync(
            "a numeric, b numeric(50,3), c numeric(1000), d money, e numeric(10,2)",
            "('99999999999999999999999999999.999999999', '-1.5', '7', '-1234.56', '1'), (0.000000001, 0, NULL, NULL, NULL), (-1e28, 12345678901234567890.125, 1e28, '92233720368547758.07', 0)",
            new TypePolicies { DecimalScale = 9 });
        rows.ShouldBe(
        [
            ["n:99999999999999999999999999999.999999999", "n:-1.500000000", "n:7.000000000", "n:-1234.560000000", "n:1.00"],
            ["n:0.000000001", "n:0.000000000", null, null, null],
            ["n:-10000000000000000000000000000.000000000", "n:12345678901234567890.125000000", "n:10000000000000000000000000000.000000000", "n:92233720368547758.070000000", "n:0.00"],
        ]);
    }

    [Theory]
    [InlineData("0.0000000001", "has more than 9 digits after the point")]
    [InlineData("1e29", "has more digits than its type declares")]
    [InlineData("NaN", "holds NaN")]
    [InlineData("Infinity", "holds infinity")]
    public async Task A_number_that_does_not_fit_the_chosen_decimal_is_refused(string value, string problem)
    {
        if (value == "Infinity")
        {
            TestPostgres.SkipBefore(14, "infinite numerics");
        }

        var error = await Should.ThrowAsync<SourceException>(() => ReadAsync("a numeric", $"(1), ('{value}')", new TypePolicies { DecimalScale = 9 }));
        error.Kind.ShouldBe(SourceErrorKind.Value);
        error.Message.ShouldStartWith($"Row 2 of public.things cannot be kept: the column a {problem}");
    }

    [Fact]
    public async Task NaN_and_infinity_become_NULL_where_asked_even_in_required_columns()
    {
        TestPostgres.SkipBefore(14, "infinite numerics");
        var policies = new TypePolicies { DecimalScale = 2, Nan = NotFinite.Null };
        (await ReadAsync("a numeric(9,2) NOT NULL, b numeric(18,2), c numeric(38,2), d numeric, e double precision",
            "('NaN', 'NaN', 'NaN', 'NaN', 'NaN'), (1, 2, 3, 'Infinity', 'Infinity'), (1, NULL, 3, '-Infinity', '-Infinity')", policies)).ShouldBe(
        [
            [null, null, null, null, "NaN"],
            ["n:1.00", "n:2.00", "n:3.00", null, "d:7ff0000000000000"],
            ["n:1.00", null, "n:3.00", null, "d:fff0000000000000"],
        ]);
    }

    [Fact]
    public async Task Infinite_dates_become_NULL_where_asked()
    {
        (await ReadAsync("a date NOT NULL, b timestamp, c timestamptz",
            "('infinity', 'infinity', '-infinity'), ('1970-01-02', '1970-01-01 00:00:01', NULL)", new TypePolicies { Infinity = NotFinite.Null })).ShouldBe(
        [
            [null, null, null],
            ["1", "1000000000", null],
        ]);
    }

    [Fact]
    public async Task Dates_become_text_as_a_whole_where_infinite_ones_shall_be_texts()
    {
        (await ReadAsync("a date, b timestamp, c timestamptz, d time",
            "('infinity', 'infinity', '-infinity', '10:00'), ('0044-03-15 BC', '294276-12-31 23:59:59.999999', '2024-03-31 02:30+02', NULL)",
            new TypePolicies { Infinity = NotFinite.Text })).ShouldBe(
        [
            ["infinity", "infinity", "-infinity", "36000000000000"],
            ["0044-03-15 BC", "294276-12-31 23:59:59.999999", "2024-03-31 00:30:00+00", null],
        ]);
    }

    [Fact]
    public async Task Arrays_become_lists_where_asked()
    {
        (await ReadAsync(
            "a integer[], b text[] NOT NULL, c numeric(5,2)[], d date[], e boolean[], f double precision[], g numeric[], h uuid[], i jsonb[], j inet[], k varchar(5)[], l timestamptz[], m bytea[], n money[]",
            """
            ('{1,NULL,3}', '{"a,b","",NULL,"NULL",größer}', '{1.5,-2}', '{1970-01-02,1969-12-31}', '{t,f,NULL}', '{NaN,0.5}', '{1e30,NaN}', '{00000000-0000-0000-0000-000000000001}',
             ARRAY['{"a": [1]}', 'null']::jsonb[], '{10.0.0.1,10.0.0.0/8}', '{x}', '{1970-01-01 00:00:01+00}', ARRAY['\x00ff'::bytea], '{1.50,NULL}'),
            ('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
            (NULL, '{x}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
            ('{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}')
            """,
            new TypePolicies { Arrays = ArrayForm.List })).ShouldBe(
        [
            ["[1,null,3]", "[\"a,b\",\"\",null,\"NULL\",\"größer\"]", "[\"n:1.50\",\"n:-2.00\"]", "[1,-1]", "[true,false,null]", "[\"NaN\",\"d:3fe0000000000000\"]",
                "[\"1000000000000000000000000000000\",\"NaN\"]", "[\"0x00000000000000000000000000000001\"]", "[\"{\\\"a\\\": [1]}\",\"null\"]", "[\"10.0.0.1\",\"10.0.0.0/8\"]", "[\"x\"]",
                "[1000000000]", "[\"0x00ff\"]", "[\"1.50\",null]"],
            [.. Enumerable.Repeat("[]", 14)],
            [null, "[\"x\"]", .. new string?[12]],
            [.. Enumerable.Repeat("[null]", 14)],
        ]);
    }

    [Theory]
    [InlineData("{{1,2},{3,4}}", "holds an array that has 2 dimensions")]
    [InlineData("[5:6]={1,2}", "holds an array that begins at 5")]
    public async Task An_array_that_is_no_list_is_refused(string value, string problem)
    {
        var error = await Should.ThrowAsync<SourceException>(() => ReadAsync("a int[], b mood[]", $"('{{1}}', NULL), ('{value}', NULL)", new TypePolicies { Arrays = ArrayForm.List }));
        error.Message.ShouldStartWith($"Row 2 of public.things cannot be kept: the column a {problem}, which a list does not; write types: {{ arrays: text }}");
    }

    [Fact]
    public async Task Lists_have_what_is_decided_of_their_elements()
    {
        (await ReadAsync("a numeric[], b date[], c mood[], d money[], e numeric(4,1)[]", "('{1,NaN,NULL}', '{infinity,1970-01-02}', '{ok}', '{1.5}', '{NaN}')",
            new TypePolicies { Arrays = ArrayForm.List, DecimalScale = 2, Nan = NotFinite.Null, Infinity = NotFinite.Null })).ShouldBe(
            [["[\"n:1.00\",null,null]", "[null,1]", "[\"ok\"]", "[\"n:1.50\"]", "[null]"]]);
    }

    [Fact]
    public async Task No_part_of_a_key_is_left_out()
    {
        var rules = new ColumnRules { Policies = new TypePolicies { Infinity = NotFinite.Null, Nan = NotFinite.Null }, Key = ["a", "b"] };
        (await Should.ThrowAsync<SourceException>(() => ReadAsync("a date, b numeric(5,2)", "('infinity', 1)", rules))).Message.ShouldContain("infinite date");
        (await Should.ThrowAsync<SourceException>(() => ReadAsync("a date, b numeric(5,2)", "('2020-01-01', 'NaN')", rules))).Message.ShouldContain("NaN");
    }

    private Task<IReadOnlyList<string?[]>> ReadAsync(string columns, string values, TypePolicies policies) =>
        ReadAsync(columns, values, new ColumnRules { Policies = policies });

    /// <summary>The rows as all readers see them.</summary>
    private async Task<IReadOnlyList<string?[]>> ReadAsync(string columns, string values, ColumnRules rules)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync($"CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE things ({columns}); INSERT INTO things VALUES {values}");
        using var folder = new TemporaryFolder();
        var file = folder.In("x.parquet");
        await Extraction.ToFileAsync(database, "things", file, rules: rules);
        var rows = await Extraction.ReadOurselvesAsync(file);
        foreach (var reader in LakeReaders.Names)
        {
            (await Extraction.ReadAsync(reader, file)).ShouldBe(rows, reader);
        }

        return rows;
    }
}
