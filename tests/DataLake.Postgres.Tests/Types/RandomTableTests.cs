using System.Globalization;
using DataLake.Postgres.Types;
using DataLake.Testing;
using DataLake.Testing.Readers;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

/// <summary>Tables made at random go the whole way and are held against PostgreSQL's own text. A failure names its seed; set DATALAKE_TEST_SEED to try another or that one again.</summary>
public sealed class RandomTableTests(TestPostgres postgres)
{
    private const int Tables = 24;
    private const int MostColumns = 16;
    private const int MostRows = 400;

    private static readonly ColumnRules Lists = new() { Policies = new TypePolicies { Arrays = ArrayForm.List } };
    private static readonly ValueKind[] WithLists = [.. ValueKind.All.Where(kind => !kind.Type.EndsWith("[]", StringComparison.Ordinal)), .. ValueKind.Lists, .. ValueKind.Lists];

    [Fact]
    public async Task Any_table_arrives_as_PostgreSQL_has_it()
    {
        var seed = int.Parse(Environment.GetEnvironmentVariable("DATALAKE_TEST_SEED") ?? "20240331", CultureInfo.InvariantCulture);
        var random = new Random(seed);
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(ValueKind.OwnTypes);
        using var folder = new TemporaryFolder();
        var tables = Enumerable.Range(0, Tables).Select(number => Table(random, number)).ToList();
        var expected = new List<List<string?[]>>();
        foreach (var table in tables)
        {
            await table.CreateAsync(database);
            expected.Add(await table.ExpectedAsync(database));
            await Extraction.ToFileAsync(database, table.Name, folder.In(table.Name), "ORDER BY id", HasLists(tables.IndexOf(table)) ? Lists : null);
            table.Compare($"our own reader (seed {seed})", await Extraction.ReadOurselvesAsync(folder.In(table.Name)), expected[^1]);
        }

        var found = await LakeReaders.ReadAsync("duckdb", [.. tables.Select(table => folder.In(table.Name))]);
        found.Count.ShouldBe(Tables);
        for (var i = 0; i < Tables; i++)
        {
            tables[i].Compare($"DuckDB (seed {seed})", Extraction.Rows(found[i]), expected[i]);
        }
    }

    // Arrays are text in every other table, and lists in the rest.
    private static bool HasLists(int number) => number % 2 == 1;

    private static ValueTable Table(Random random, int number)
    {
        var kinds = random.GetItems(HasLists(number) ? WithLists : ValueKind.All, random.Next(1, MostColumns + 1));
        var nulls = random.Next(4) switch { 0 => 0, 1 => 1, _ => random.NextDouble() };
        var rows = random.Next(5) == 0 ? random.Next(3) : random.Next(MostRows + 1);
        return new ValueTable($"random_{number}", kinds, rows, nulls, (random.NextDouble() * 2) - 1);
    }
}
