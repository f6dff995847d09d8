using DataLake.Testing;
using DataLake.Testing.Readers;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

/// <summary>Every mapped type, from PostgreSQL's tables to what readers of the lake see, held against PostgreSQL's own text of the same values.</summary>
public sealed class TypeRoundTripTests(TestPostgres postgres)
{
    private const int Rows = 120;

    [Fact]
    public async Task Every_type_arrives_as_PostgreSQL_has_it()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(ValueKind.OwnTypes);
        await ExpectAsync(database, ValueKind.All);
    }

    [Fact]
    public async Task Types_of_extensions_arrive_as_PostgreSQL_has_them()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var kinds = new List<ValueKind>();
        foreach (var (extension, types) in ValueKind.OfExtensions)
        {
            if (await database.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = '{extension}')"))
            {
                await database.ExecuteAsync($"CREATE EXTENSION {extension}");
                kinds.AddRange(types);
            }
        }

        Assert.SkipWhen(kinds.Count == 0, "This PostgreSQL has none of the extensions citext, hstore, ltree (Debian: postgresql-contrib).");
        await ExpectAsync(database, [.. kinds]);
    }

    [Fact]
    public async Task Every_precision_of_numeric_arrives_with_all_its_digits()
    {
        var kinds = Enumerable.Range(1, 38).SelectMany(precision => new[] { 0, 1, precision / 2, precision - 1, precision }.Distinct(), ValueKind.Numeric).ToArray();
        kinds.Length.ShouldBeGreaterThan(170);
        await using var database = await postgres.CreateDatabaseAsync();
        await ExpectAsync(database, kinds);
    }

    private static async Task ExpectAsync(TestDatabase database, ValueKind[] kinds)
    {
        var table = new ValueTable("everything", kinds, Rows, Nulls: 0.2, Seed: 0.4711);
        await table.CreateAsync(database);
        using var folder = new TemporaryFolder();
        var file = folder.In("everything.parquet");
        await Extraction.ToFileAsync(database, table.Name, file, "ORDER BY id");
        var expected = await table.ExpectedAsync(database);
        table.Compare("our own reader", await Extraction.ReadOurselvesAsync(file), expected);
        foreach (var reader in LakeReaders.Names)
        {
            table.Compare(reader, await Extraction.ReadAsync(reader, file), expected);
        }
    }
}
