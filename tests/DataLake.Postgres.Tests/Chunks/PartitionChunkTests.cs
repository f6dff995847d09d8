using DataLake.Postgres.Chunks;
using DataLake.Postgres.Plans;
using DataLake.Postgres.Types;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Chunks;

/// <summary>Chunks of tables whose rows are in several relations.</summary>
public sealed class PartitionChunkTests(TestPostgres postgres)
{
    private const string Partitions =
        """
        CREATE TABLE things (id int NOT NULL, name text, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE things_empty PARTITION OF things FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');
        CREATE TABLE things_2020 PARTITION OF things FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
        CREATE TABLE things_2021 PARTITION OF things FOR VALUES FROM ('2021-01-01') TO ('2022-01-01') PARTITION BY HASH (id);
        CREATE TABLE things_2021_a PARTITION OF things_2021 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE things_2021_b PARTITION OF things_2021 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE "Odd "" table" (at date NOT NULL, gone int, id int NOT NULL, name text);
        ALTER TABLE "Odd "" table" DROP COLUMN gone;
        ALTER TABLE things ATTACH PARTITION "Odd "" table" DEFAULT;
        INSERT INTO things SELECT g, 'name ' || g, date '2020-01-01' + g % 365 FROM generate_series(1, 20000) g;
        INSERT INTO things SELECT g, 'name ' || g, date '2021-01-01' + g % 365 FROM generate_series(20001, 23000) g;
        INSERT INTO things SELECT g, 'name ' || g, date '2030-01-01' + g % 365 FROM generate_series(23001, 24000) g;
        """;

    [Fact]
    public async Task A_partitioned_table_is_read_by_the_pages_of_its_partitions()
    {
        TestPostgres.SkipBefore(14, "scans of ranges of pages");
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(Partitions);
        await using var source = await PlannedSource.OpenAsync(database);
        var table = await source.InspectAsync("things");
        table.Parts.Select(part => part.Name.Name).Order(StringComparer.Ordinal).ShouldBe(["Odd \" table", "things_2020", "things_2021_a", "things_2021_b", "things_empty"]);
        table.Pages.ShouldBe(table.Parts.Sum(part => part.Pages));
        for (var number = 2; number <= table.Pages; number += 9)
        {
            var chunks = await source.PlanAsync(table, new ChunkRule.Count(number));
            chunks.Count.ShouldBe(number);
            await EveryRow.OnceAsync(database, chunks, $"{number} chunks");
        }

        var counts = await EveryRow.CountAsync(database, await source.PlanAsync(table, new ChunkRule.Count(4)));
        counts.ShouldAllBe(rows => rows > 5000 && rows < 7000);
    }

    [Fact]
    public async Task Partitions_give_the_columns_of_the_table_in_its_order()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(Partitions);
        await using var source = await PlannedSource.OpenAsync(database);
        var table = await source.InspectAsync("things");
        var mappings = TableMapping.Of(table, [1, 2, 3], ColumnRules.None, null);
        var queries = (await source.PlanAsync(table, new ChunkRule.Count(3))).Select(chunk => $"({ChunkQuery.Of(table.Name, mappings, chunk)})").ToList();
        const string sum = "SELECT count(*) || ' ' || sum(hashtextextended(id || name || at, 0)) FROM";
        (await database.ScalarAsync<string>($"{sum} ({string.Join(" UNION ALL ", queries)}) parts (id, name, at)")).ShouldBe(await database.ScalarAsync<string>($"{sum} things"));
    }

    [Fact]
    public async Task A_row_of_a_table_that_inherits_in_two_ways_is_read_once()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE things (id int);
            CREATE TABLE one () INHERITS (things);
            CREATE TABLE two () INHERITS (things);
            CREATE TABLE twice () INHERITS (one, two);
            INSERT INTO things SELECT generate_series(1, 3000);
            INSERT INTO one SELECT generate_series(1, 9000);
            INSERT INTO twice SELECT generate_series(1, 5000);
            """);
        await using var source = await PlannedSource.OpenAsync(database);
        var table = await source.InspectAsync("things");
        table.Parts.Count.ShouldBe(4);
        foreach (var number in new[] { 2, 5, 30 })
        {
            await EveryRow.OnceAsync(database, await source.PlanAsync(table, new ChunkRule.Count(number)), $"{number} chunks");
        }
    }
}
