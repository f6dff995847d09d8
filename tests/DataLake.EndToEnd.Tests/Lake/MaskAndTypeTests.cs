using DataLake.Testing;
using DataLake.Testing.Readers;
using Shouldly;

namespace DataLake.EndToEnd.Tests.Lake;

/// <summary>Type policies and masks on their whole way: from the definition's words to what an independent reader sees.</summary>
public sealed class MaskAndTypeTests(TestPostgres postgres)
{
    private const string Definition =
        """
        pipeline: operations
        source:
          connection: env:DATALAKE_SOURCE
        mask_key: file:mask.key
        types: { infinity: null, arrays: list }
        tables:
          - table: public.people
            schedule: rate(1 minute)
            sensitive:
              - { column: card, mask: partial }
              - { column: born_on, mask: date_shift, by: customer }
              - { column: married_on, mask: date_shift, by: customer }
              - { column: name, mask: hash }
        """;

    [Fact]
    public async Task Policies_and_masks_of_a_definition_reach_the_files()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition, rows: 100);
        await File.WriteAllTextAsync(Path.Combine(lake.Folder, "mask.key"), "a key that only the pipeline knows");
        await lake.Source.ExecuteAsync(
            """
            CREATE TABLE people (
                id bigint PRIMARY KEY, customer int NOT NULL, name text, card text, born_on date, married_on date, tags text[], valid_until timestamptz NOT NULL);
            INSERT INTO people VALUES
                (1, 7, 'Ada', '4111222233334444', '1990-02-28', '2015-06-01', '{a,NULL,c}', 'infinity'),
                (2, 7, 'Ada', '12', '1990-02-28', NULL, '{}', '2030-01-01Z'),
                (3, 8, NULL, NULL, '1990-02-28', '2015-06-01', NULL, '2030-01-01Z');
            """);
        var (exitCode, printed) = await lake.OnceAsync();
        exitCode.ShouldBe(0, printed);

        var file = (await lake.FilesAsync("public.people")).Data.Single();
        var rows = await LakeReaders.SqlAsync(
            $"""
            SELECT id, card, tags::VARCHAR, valid_until IS NULL, name = first_value(name) OVER (ORDER BY id), length(name),
                   born_on = first_value(born_on) OVER (ORDER BY id), married_on - born_on = DATE '2015-06-01' - DATE '1990-02-28', born_on = DATE '1990-02-28'
            FROM read_parquet('{file}', hive_partitioning = false) ORDER BY id
            """);
        rows.ShouldBe(
        [
            // The last four of the card stay; a list keeps its NULL; infinity is missing; a person's dates keep their distance and are not the true ones.
            """[1,"************4444","[a, NULL, c]",true,true,64,true,true,false]""",
            """[2,"*2","[]",false,true,64,true,null,false]""",
            """[3,null,null,false,null,null,false,true,false]""",
        ]);
    }
}
