using System.Text;
using DataLake.Postgres.Types;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

/// <summary>Holds docs/types.md against the code. Set DATALAKE_WRITE_DOCS=1 to write it anew.</summary>
public sealed class TypesPageTests
{
    private const string Start = "<!-- types: written by the tests from TypeMappings -->\n";
    private const string End = "<!-- end of types -->";

    [Fact]
    public void The_page_lists_every_line_as_the_code_has_it()
    {
        var path = Repository.PathOf("docs/types.md");
        var page = File.ReadAllText(path);
        var expected = page[..(page.IndexOf(Start, StringComparison.Ordinal) + Start.Length)] + Lines() + page[page.IndexOf(End, StringComparison.Ordinal)..];
        if (Environment.GetEnvironmentVariable("DATALAKE_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, expected);
        }

        File.ReadAllText(path).ShouldBe(expected, "docs/types.md is not what the code says. Run the tests once with the environment variable DATALAKE_WRITE_DOCS=1 to write it anew.");
    }

    [Theory]
    [InlineData("smallint, integer, bigint, real, double precision, numeric(p,s), numeric without precision, numeric of more than 38 digits, NaN, infinity")]
    [InlineData("text, character varying, character, citext, enums, domain, bytea, boolean, uuid, json, jsonb, xml, name, \"char\"")]
    [InlineData("date, time without time zone, time with time zone, timestamp without time zone, timestamp with time zone, interval, BC")]
    [InlineData("inet, cidr, macaddr, bit, bit varying, money, oid, pg_lsn, int4range, int4multirange, point, line, polygon, circle, tsvector, hstore, ltree")]
    [InlineData("arrays, composite types, generated, dropped, identity, partitioned, views, materialized views, foreign tables, reserved words, Unicode, 1,600")]
    public void The_page_speaks_of(string words)
    {
        var page = File.ReadAllText(Repository.PathOf("docs/types.md"));
        foreach (var word in words.Replace("1,600", "1.600", StringComparison.Ordinal).Split(", "))
        {
            page.ShouldContain(word.Replace("1.600", "1,600", StringComparison.Ordinal), Case.Sensitive);
        }
    }

    private static string Lines()
    {
        var text = new StringBuilder("| PostgreSQL | Parquet | Iceberg | How | Refused values | Remarks |\n|---|---|---|---|---|---|\n");
        foreach (var line in TypeMappings.All)
        {
            var how = line.Fidelity switch
            {
                Fidelity.Exact => "exact",
                Fidelity.ExactAsText => "exact as text",
                _ => "by policy",
            };
            var policy = line.Policy is { } key && key.Contains(':', StringComparison.Ordinal) ? $" (`types.{key}`)" : "";
            text.Append($"| {string.Join(", ", line.Types.Select(Cell))} | {Cell(line.Parquet)} | {line.Iceberg} | {how}{policy} | {Cell(line.Refused)} | {Cell(line.Remark)} |\n");
        }

        return text.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
