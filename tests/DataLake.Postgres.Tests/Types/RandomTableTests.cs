using System.Globalization;
using System.Text.Json;
using DataLake.Parquet.Compression;
using DataLake.Testing;
using DataLake.Testing.Readers;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

/// <summary>
/// Tables made at random (columns, names, values, policies, masks, codecs, pages) go the whole way and are held against what PostgreSQL itself says of them, value by value. A
/// failure names its seed; set DATALAKE_TEST_SEED to try another or that one again.
/// </summary>
public sealed class RandomTableTests(TestPostgres postgres)
{
    private const int Tables = 36;

    [Fact]
    public async Task Any_table_arrives_as_PostgreSQL_has_it()
    {
        var seed = int.Parse(Environment.GetEnvironmentVariable("DATALAKE_TEST_SEED") ?? "20240331", CultureInfo.InvariantCulture);
        var random = new Random(seed);
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(ValueKind.OwnTypes + RandomTable.MaskFunctions);
        using var folder = new TemporaryFolder();
        var (tables, files, expected) = (new List<RandomTable>(), new List<string>(), new List<List<string?[]>>());
        for (var number = 0; number < Tables; number++)
        {
            var table = RandomTable.Next(random, number);
            tables.Add(table);
            files.Add(folder.In($"{number}.parquet"));
            try
            {
                await table.Values.CreateAsync(database);
                expected.Add(await table.Values.ExpectedAsync(database));
                await Extraction.ToFileAsync(database, table.Values.Name, files[number], "ORDER BY id", table.Rules, RandomTable.Key, table.Options);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"Table {number} of seed {seed}: {error.Message}\n{Describe(table)}", error);
            }

            table.Values.Compare($"our own reader (table {number} of seed {seed}: {Describe(table)})", await Extraction.ReadOurselvesAsync(files[number]), expected[number]);
        }

        // One process a reader for all files. hyparquet does not know LZ4.
        await Task.WhenAll(LakeReaders.Names.Select(async reader =>
        {
            var numbers = Enumerable.Range(0, Tables).Where(number => reader != "hyparquet" || tables[number].Options.Compression != CompressionCodec.Lz4Raw).ToList();
            var found = await LakeReaders.ReadAsync(reader, [.. numbers.Select(number => files[number])]);
            found.Count.ShouldBe(numbers.Count);
            foreach (var (number, lines) in numbers.Zip(found))
            {
                JsonSerializer.Deserialize<string[]>(lines[0])!.ShouldBe(tables[number].ColumnNames, $"{reader}, table {number} of seed {seed}");
                tables[number].Values.Compare($"{reader} (table {number} of seed {seed}: {Describe(tables[number])})", Extraction.Rows(lines), expected[number]);
            }
        }));
    }

    private static string Describe(RandomTable table) =>
        $"{table.Rules.Policies}, {string.Join(", ", table.Rules.Masks.Select(mask => $"{mask.Key}: {mask.Value.Mask}"))}, {table.Options}";
}
