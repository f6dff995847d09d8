using DataLake.Ledger.Model;
using DataLake.Parquet.Reading;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Services.Tests.Extractor;

/// <summary>What a definition says of files is what is in the lake.</summary>
public sealed class FileFormTests(TestPostgres postgres)
{
    [Fact]
    public async Task Files_have_the_compression_and_the_Bloom_filters_of_the_definition_and_DuckDB_reads_them()
    {
        string[] codecs = ["SNAPPY", "lz4_raw", "gzip", "brotli", "none"];
        await using var lake = await LakeSystem.CreateAsync(postgres, string.Concat(codecs.Select(codec =>
            $"CREATE TABLE items_{codec} (id int, customer text, tags text[], secret bool); " +
            $"INSERT INTO items_{codec} SELECT i, 'customer ' || i % 1000, ARRAY['tag ' || i % 7], i % 2 = 0 FROM generate_series(1, 20000) i;")));
        lake.Define(
            string.Join('\n', codecs.Select(codec => $" - {{ table: items_{codec.ToLowerInvariant()}, types: {{ arrays: list }}, sensitive: [{{ column: secret, mask: hash }}], files: {{ compression: {codec} }} }}")),
            defaults: "files: { bloom_filters: [customer, tags, secret] }");
        lake.WriteSecret("mask", "a key of sixteen bytes");
        await lake.StartAsync();
        await lake.SettleAsync();

        foreach (var codec in codecs)
        {
            var file = Path.Combine(lake.LakeFolder, (await lake.FilesAsync($"public.items_{codec.ToLowerInvariant()}")).ShouldHaveSingleItem().Path);
            // Numbers that count up do not become smaller, and are then left as they are.
            var written = await LakeReaders.SqlAsync(
                $"SELECT path_in_schema, compression, bloom_filter_offset IS NOT NULL FROM parquet_metadata('{file}') WHERE path_in_schema <> 'id' ORDER BY column_id");
            var name = codec == "none" ? "UNCOMPRESSED" : codec.ToUpperInvariant();
            written.ShouldBe([$"[\"customer\",\"{name}\",true]", $"[\"tags, list, element\",\"{name}\",true]", $"[\"secret\",\"{name}\",true]"]);
            (await LakeReaders.SqlAsync($"SELECT count(*), sum(id), count(DISTINCT customer), count(DISTINCT tags[1]) FROM '{file}'")).ShouldBe(["[20000,200010000,1000,7]"]);
            await using var reader = await ParquetFileReader.OpenAsync(file);
            (await reader.ReadBloomFilterAsync(0, 0)).ShouldBeNull();
            var filter = (await reader.ReadBloomFilterAsync(0, 1)).ShouldNotBeNull();
            filter.MightContain("customer 7"u8).ShouldBeTrue();
            Enumerable.Range(1000, 1000).Count(number => filter.MightContain(System.Text.Encoding.UTF8.GetBytes($"customer {number}"))).ShouldBeLessThan(100);
        }
    }

    [Fact]
    public async Task Elements_of_a_list_have_a_field_id_of_their_own_that_stays()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            "CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL, tags text[], word text); INSERT INTO items VALUES (1, '2026-01-10 11:00Z', '{a,b}', 'x')");
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at, types: { arrays: list } }");
        await lake.StartAsync();
        await lake.SettleAsync();
        await lake.Source.ExecuteAsync("ALTER TABLE items ADD more text[]; INSERT INTO items VALUES (2, '2026-01-10 12:00:01Z', '{c}', 'y', '{d}')");
        await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
        await lake.SettleAsync();

        var written = new List<string>();
        foreach (var file in await lake.FilesAsync("public.items"))
        {
            written.AddRange(await LakeReaders.SqlAsync(
                $"SELECT string_agg(name || coalesce(' ' || field_id, ''), ', ') FROM parquet_schema('{Path.Combine(lake.LakeFolder, file.Path)}') WHERE name <> 'schema'"));
        }

        written.ShouldBe(["[\"id 1, at 2, tags 3, list, element 4, word 5\"]", "[\"id 1, at 2, tags 3, list, element 4, word 5, more 6, list, element 7\"]"]);
    }

    [Fact]
    public async Task A_column_that_becomes_a_list_stops_its_table_with_a_choice_to_make_and_no_other()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            """
            CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL, tags text[]);
            INSERT INTO items VALUES (1, '2026-01-10 11:00Z', '{a,b}');
            CREATE TABLE others (LIKE items); INSERT INTO others TABLE items;
            """);
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at }\n - { table: others, cursor: at }");
        await lake.StartAsync();
        await lake.SettleAsync();
        lake.Define(" - { table: items, cursor: at, types: { arrays: list } }\n - { table: others, cursor: at }");
        await lake.Source.ExecuteAsync("INSERT INTO items VALUES (2, '2026-01-10 12:00:01Z', '{c}'); INSERT INTO others TABLE items");
        await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
        await lake.SettleAsync();

        var refused = (await lake.AllRunsAsync("public.items"))[^1];
        refused.Status.ShouldBe(RunStatus.Failed);
        refused.Error!.ShouldContain("the column 'tags' was string and is now list<string> (elements 4), and files with the one cannot be read as the other. Undo the change");
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1]);
        (await lake.AllRunsAsync("public.others")).ShouldAllBe(run => run.Status == RunStatus.Committed);
    }
}
