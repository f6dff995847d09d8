using System.Globalization;
using DataLake.CatalogUpdater.Commits;
using DataLake.CatalogUpdater.Maintenance;
using DataLake.Contracts;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Storage;
using DataLake.Testing;
using DataLake.Testing.Readers;
using Microsoft.Extensions.DependencyInjection;

namespace DataLake.Services.Tests.CatalogUpdater;

/// <summary>What a definition asks of Iceberg tables, from the source to independent readers.</summary>
public sealed class TableDesignTests(TestPostgres postgres)
{
    private const string Items =
        """
        CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL, state text, customer int NOT NULL);
        INSERT INTO items SELECT i, '2026-01-09 12:00Z'::timestamptz + i * interval '6 minutes', CASE WHEN i % 7 > 0 THEN 's' || i % 3 END, i * 37 % 11 FROM generate_series(0, 239) i;
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_of_one_partition_are_listed_there_where_they_lie_and_others_are_divided_and_sorted_by_maintenance()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, $"{Items} CREATE TABLE days (LIKE items INCLUDING ALL); INSERT INTO days TABLE items;");
        await StartAsync(lake,
            """
             - { table: days, cursor: at, window: 3h, start: 2026-01-09T12:00:00Z, iceberg: { partition_by: [day(at)] } }
             - { table: items, cursor: at, window: 3h, start: 2026-01-09T12:00:00Z, iceberg: { partition_by: [day(at), "bucket(4, customer)"], sort_by: [customer desc, at] } }
            """);

        // A window lies in a day: no row is written again.
        var days = await ScanAsync(lake, "public.days");
        days.Select(file => (file.PartitionSpecId, Day: file.Partition[0].AsLong(), IsRaw: file.FilePath.Contains("/raw/", StringComparison.Ordinal))).GroupBy(file => file)
            .Select(day => (day.Key, day.Count())).ShouldBe([((1, 20462, true), 4), ((1, 20463, true), 4)], ignoreOrder: true);
        (await ScanAsync(lake, "public.days", 2, IcebergValue.Timestamptz(Micros("2026-01-10T09:30Z")))).Count.ShouldBe(1);

        // Its customers are in several buckets.
        (await ScanAsync(lake, "public.items")).ShouldAllBe(file => file.PartitionSpecId == 0);
        await RowsAreAsync(lake, "items");
        await LookAsync(lake);
        var files = await ScanAsync(lake, "public.items");
        files.ShouldAllBe(file => file.PartitionSpecId == 1 && file.SortOrderId == 1 && file.FilePath.Contains("/conformed/", StringComparison.Ordinal));
        files.Select(file => file.Partition).ShouldBeUnique();
        await RowsAreAsync(lake, "items");
        await RowsAreAsync(lake, "days");
        foreach (var file in files)
        {
            var rows = await LakeReaders.SqlAsync($"SELECT customer, epoch_us(\"at\") FROM read_parquet('{PathOf(lake, file)}')", Cancellation);
            var values = rows.Select(row => row.Trim('[', ']').Split(',')).Select(row => (Customer: -int.Parse(row[0].Trim('"'), CultureInfo.InvariantCulture), At: long.Parse(row[1].Trim('"'), CultureInfo.InvariantCulture))).ToList();
            values.ShouldBe(values.Order());
        }

        // Who asks for one customer reads one bucket a day, and who asks for a day, that day.
        (await ScanAsync(lake, "public.items", 4, IcebergValue.Int(5))).Count.ShouldBe(2);
        (await ScanAsync(lake, "public.items", 2, IcebergValue.Timestamptz(Micros("2026-01-10T09:30Z")))).ShouldAllBe(file => file.Partition[0].AsLong() == 20463);
        (await LookAsync(lake)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_upserted_row_leaves_the_partition_it_was_in_and_another_definition_divides_the_table_anew()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        await StartAsync(lake, " - { table: items, cursor: at, key: [id], window: 3h, start: 2026-01-09T12:00:00Z, iceberg: { partition_by: [state], sort_by: [id] } }");
        await LookAsync(lake);
        (await ScanAsync(lake, "public.items")).Select(file => file.Partition.ToString()).ShouldBe(["(null)", "(s0)", "(s1)", "(s2)"], ignoreOrder: true);

        await lake.Source.ExecuteAsync("UPDATE items SET state = 's9', at = '2026-01-10 12:10Z' WHERE id % 10 = 0");
        await NextAsync(lake, TimeSpan.FromHours(3));
        await RowsAreAsync(lake, "items");

        // The new rows are all of one state. Deletes are of the partition and spec of the rows they delete.
        (await ScanAsync(lake, "public.items")).Count(file => file.Partition.ToString() == "(s9)").ShouldBe(1);
        var deletes = await DeletesAsync(lake);
        deletes.Select(file => (file.Content, file.PartitionSpecId, file.Partition.ToString())).ShouldBe(
            [(DataFileContent.PositionDeletes, 1, "(null)"), (DataFileContent.PositionDeletes, 1, "(s0)"), (DataFileContent.PositionDeletes, 1, "(s1)"), (DataFileContent.PositionDeletes, 1, "(s2)")], ignoreOrder: true);

        // Another layout holds for new files; the old ones stay readable until maintenance divides them.
        lake.Define(" - { table: items, cursor: at, key: [id], window: 3h, start: 2026-01-09T12:00:00Z, iceberg: { partition_by: [\"truncate(100, id)\"], sort_by: [state desc nulls first] } }");
        await lake.Source.ExecuteAsync("INSERT INTO items SELECT i, '2026-01-10 15:10Z', 'new', 1 FROM generate_series(1001, 1010) i; UPDATE items SET state = 's1', at = '2026-01-10 15:10Z' WHERE id = 3");
        await NextAsync(lake, TimeSpan.FromHours(3));
        var table = (await lake.TableAsync("public.items"))!.Metadata;
        (table.DefaultSpec.Fields.Single().Name, table.DefaultSortOrder.Fields.Single().SourceId, table.PartitionSpecs.Count).ShouldBe(("id_trunc_100", 3, 3));
        (await ScanAsync(lake, "public.items")).Select(file => file.PartitionSpecId).Distinct().Order().ShouldBe([0, 1]);
        await RowsAreAsync(lake, "items");
        await LookAsync(lake);
        (await ScanAsync(lake, "public.items")).Select(file => (file.PartitionSpecId, file.SortOrderId, file.Partition[0].AsInt())).ShouldBe([(2, 2, 0), (2, 2, 100), (2, 2, 200), (2, 2, 1000)], ignoreOrder: true);
        (await DeletesAsync(lake)).ShouldBeEmpty();
        await RowsAreAsync(lake, "items");

        // And without partitions again.
        lake.Define(" - { table: items, cursor: at, key: [id], window: 3h, start: 2026-01-09T12:00:00Z }");
        await lake.Source.ExecuteAsync("UPDATE items SET at = '2026-01-10 18:10Z' WHERE id < 5");
        await NextAsync(lake, TimeSpan.FromHours(3));
        await LookAsync(lake);
        (await ScanAsync(lake, "public.items")).Select(file => (file.PartitionSpecId, file.SortOrderId)).Distinct().ShouldBe([(0, null)]);
        await RowsAreAsync(lake, "items");
    }

    [Fact]
    public async Task Upserts_by_key_read_no_old_file_and_compaction_makes_rows_of_them()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        await StartAsync(lake, " - { table: items, cursor: at, key: [id], window: 3h, start: 2026-01-09T12:00:00Z, lookback: 1h, iceberg: { deletes: equality, partition_by: [\"bucket(3, id)\"] } }");
        await RowsAreAsync(lake, "items");

        // Several windows become one commit, in which a key comes twice: the later window's row counts.
        await lake.Source.ExecuteAsync("UPDATE items SET state = 'once', at = '2026-01-10 12:50Z' WHERE id % 5 = 0");
        await NextAsync(lake, TimeSpan.FromHours(1));
        await lake.Source.ExecuteAsync("UPDATE items SET state = 'twice', at = '2026-01-10 15:10Z' WHERE id % 10 = 0; INSERT INTO items VALUES (5000, '2026-01-10 15:20Z', 'new', 1)");
        await NextAsync(lake, TimeSpan.FromHours(6));
        await RowsAreAsync(lake, "items");
        var deletes = await DeletesAsync(lake);
        deletes.ShouldContain(file => file.Content == DataFileContent.EqualityDeletes && file.PartitionSpecId == 0 && file.EqualityIds!.Single() == 1);
        deletes.Where(file => file.Content == DataFileContent.PositionDeletes).ShouldAllBe(file => file.ReferencedDataFile != null);

        // What was committed is committed once, whatever is delivered again.
        var before = (await lake.TableAsync("public.items"))!.MetadataLocation;
        foreach (var run in await lake.AllRunsAsync())
        {
            (await lake.Services.GetRequiredService<RunCommit>().CommitAsync(run.Id, Cancellation)).ShouldBeEmpty();
        }

        (await lake.TableAsync("public.items"))!.MetadataLocation.ShouldBe(before);
        await LookAsync(lake);
        await RowsAreAsync(lake, "items");
        (await DeletesAsync(lake)).ShouldBeEmpty();
        (await ScanAsync(lake, "public.items")).Select(file => file.Partition.ToString()).ShouldBe(["(0)", "(1)", "(2)"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_table_keeps_as_many_snapshots_as_its_definition_says()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        await StartAsync(lake, " - { table: items, cursor: at, window: 1h, start: 2026-01-09T12:00:00Z, iceberg: { snapshots: { keep: 12, for: 30d } } }");
        for (var i = 0; i < 24; i++)
        {
            await lake.Source.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO items VALUES ({1000 + i}, '{lake.Time.GetUtcNow().AddMinutes(5):O}', 'x', 1)"));
            await NextAsync(lake, TimeSpan.FromHours(1));
        }

        var table = (await lake.TableAsync("public.items"))!.Metadata;
        table.Snapshots.Count.ShouldBeGreaterThan(23);
        (table.Properties["history.expire.max-snapshot-age-ms"], table.Properties[ExpiryOptions.MaxSnapshotsProperty]).ShouldBe(("2592000000", "12"));
        await LookAsync(lake);
        (await lake.TableAsync("public.items"))!.Metadata.Snapshots.Count.ShouldBe(12);
        await RowsAreAsync(lake, "items");

        // What the definition does not say any more is the host's again.
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-09T12:00:00Z, iceberg: { snapshots: { for: 2h } } }");
        await NextAsync(lake, TimeSpan.FromHours(1));
        table = (await lake.TableAsync("public.items"))!.Metadata;
        (table.Properties["history.expire.max-snapshot-age-ms"], table.Properties.ContainsKey(ExpiryOptions.MaxSnapshotsProperty)).ShouldBe(("7200000", false));
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-09T12:00:00Z }");
        await NextAsync(lake, TimeSpan.FromHours(1));
        (await lake.TableAsync("public.items"))!.Metadata.Properties.Keys.ShouldAllBe(key => !key.Contains("expire", StringComparison.Ordinal) && !key.Contains("defined", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_table_without_rows_is_made_with_the_columns_that_it_will_have()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            """
            CREATE TABLE items (id bigint PRIMARY KEY, at timestamptz NOT NULL, price numeric(10,2), tags text[], born date);
            CREATE TABLE whole (id int PRIMARY KEY, note text);
            """);
        await StartAsync(lake,
            """
             - { table: items, cursor: at, key: [id], window: 1h, start: 2026-01-10T09:00:00Z, types: { arrays: list }, iceberg: { partition_by: [day(at)], sort_by: [id] } }
             - { table: whole }
            """);

        var made = (await lake.TableAsync("public.items"))!.Metadata;
        made.CurrentSchema.Columns.Fields.Select(field => $"{field.Id} {field.Name} {field.Type} {(field.Required ? "required" : "")}".Trim()).ShouldBe(
            ["1 id long required", "2 at timestamptz required", "3 price decimal(10, 2)", "4 tags list<string>", "6 born date"]);
        (made.CurrentSchema.IdentifierFieldIds.Single(), made.DefaultSpec.Fields.Single().Name, made.DefaultSortOrder.Fields.Count, made.CurrentSnapshot).ShouldBe((1, "at_day", 1, null));
        (await lake.TableAsync("public.whole")).ShouldNotBeNull();
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed);
        made.Properties["datalake.cursor"].ShouldStartWith("2026-01-10T12:00:00");

        // Types that change before the first row are no matter.
        await lake.Source.ExecuteAsync("ALTER TABLE whole ALTER note TYPE int USING 1");
        await lake.Source.ExecuteAsync("INSERT INTO items VALUES (1, '2026-01-10 12:30Z', 1.25, '{a,NULL}', '2020-02-02'); INSERT INTO whole VALUES (1, 7)");
        await NextAsync(lake, TimeSpan.FromHours(1));
        var filled = (await lake.TableAsync("public.items"))!.Metadata;
        (filled.TableUuid, filled.CurrentSchemaId, filled.Schemas.Count, filled.CurrentSnapshot!.Summary["total-records"]).ShouldBe((made.TableUuid, made.CurrentSchemaId, 1, "1"));
        (await ScanAsync(lake, "public.items")).Single().PartitionSpecId.ShouldBe(1);
        (await LakeReaders.SqlAsync($"SELECT tags[1], price::double FROM read_parquet('{PathOf(lake, (await ScanAsync(lake, "public.items")).Single())}')", Cancellation)).ShouldHaveSingleItem().ShouldStartWith("[\"a\"");
        (await lake.TableAsync("public.whole"))!.Metadata.CurrentSnapshot!.Summary["total-records"].ShouldBe("1");
        (await lake.ColumnAsync("public.whole", "note")).ShouldBe([7]);
    }

    [Theory]
    [InlineData("partition_by: [day(state)]", "Table test public.items cannot be partitioned by day of the column 'state', which is string: day takes dates and times with a date. Choose another column or transform.")]
    [InlineData("partition_by: [region]", "public.items has no column region, which the definition names under 'partition_by'. It has: id, at, state, customer. Correct the name (case counts).")]
    [InlineData("sort_by: [At]", "public.items has no column At, which the definition names under 'sort_by'.")]
    public async Task What_does_not_fit_the_table_is_refused_before_a_row_is_read(string iceberg, string expected)
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        await StartAsync(lake, $" - {{ table: items, iceberg: {{ {iceberg} }} }}");
        var run = await lake.OnlyRunAsync();
        (run.Status, run.Rows).ShouldBe((RunStatus.Failed, 0));
        run.Error!.ShouldContain(expected);
        lake.FilesOnDisk().ShouldBeEmpty();
    }

    [Fact]
    public async Task Few_small_files_wait_for_others_and_are_divided_when_none_come()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        await StartAsync(lake, " - { table: items, cursor: at, window: 6h, start: 2026-01-09T12:00:00Z, iceberg: { partition_by: [state] } }", layoutDelay: "00:15:00");
        (await LookAsync(lake)).ShouldBeEmpty();
        (await ScanAsync(lake, "public.items")).ShouldAllBe(file => file.PartitionSpecId == 0);
        lake.Time.Advance(TimeSpan.FromMinutes(12));
        (await lake.Services.GetRequiredService<TableMaintainer>().RunAsync(Cancellation)).ShouldBe(0);
        lake.Time.Advance(TimeSpan.FromMinutes(2));
        (await LookAsync(lake)).ShouldBe([nameof(MaintenanceOperation.Compaction)]);
        (await ScanAsync(lake, "public.items")).Select(file => (file.PartitionSpecId, file.Partition.ToString())).ShouldBe([(1, "(null)"), (1, "(s0)"), (1, "(s1)"), (1, "(s2)")], ignoreOrder: true);
        await RowsAreAsync(lake, "items");
    }

    [Fact]
    public async Task Windows_that_are_read_again_and_full_loads_take_the_place_of_rows_in_any_partition()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, $"{Items} CREATE TABLE whole (LIKE items INCLUDING ALL); INSERT INTO whole TABLE items;");
        await StartAsync(lake,
            """
             - { table: items, cursor: at, window: 3h, start: 2026-01-09T12:00:00Z, iceberg: { partition_by: ["bucket(3, customer)"], sort_by: [at] } }
             - { table: whole, iceberg: { partition_by: [state], sort_by: [customer, id desc] } }
            """);
        await LookAsync(lake);
        await lake.Source.ExecuteAsync("UPDATE items SET customer = customer + 1 WHERE at >= '2026-01-09 15:00Z' AND at < '2026-01-09 21:00Z'; DELETE FROM items WHERE id = 40; UPDATE whole SET state = 'all'");
        await lake.BackfillAsync("public.items", new(2026, 1, 9, 15, 0, 0, TimeSpan.Zero), new(2026, 1, 9, 21, 0, 0, TimeSpan.Zero));
        await NextAsync(lake, TimeSpan.FromHours(1));
        await RowsAreAsync(lake, "items");
        await RowsAreAsync(lake, "whole");
        (await ScanAsync(lake, "public.whole")).Select(file => file.Partition.ToString()).Distinct().ShouldBe(["(all)"]);
        await LookAsync(lake);
        await RowsAreAsync(lake, "items");
        await RowsAreAsync(lake, "whole");
    }

    [Fact]
    public async Task A_table_is_upgraded_to_version_3_where_deleted_rows_are_vectors_and_rows_have_ids()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        await StartAsync(lake, " - { table: items, cursor: at, key: [id], window: 3h, start: 2026-01-09T12:00:00Z }");
        (await lake.TableAsync("public.items"))!.Metadata.FormatVersion.ShouldBe(2);
        lake.Define(" - { table: items, cursor: at, key: [id], window: 3h, start: 2026-01-09T12:00:00Z, iceberg: { format_version: 3 } }");
        for (var hour = 12; hour < 18; hour += 3)
        {
            await lake.Source.ExecuteAsync($"UPDATE items SET state = 'v{hour}', at = '2026-01-10 {hour}:10Z' WHERE id % 60 = {hour}");
            await NextAsync(lake, TimeSpan.FromHours(3));
            var vectors = await DeletesAsync(lake);
            vectors.ShouldAllBe(file => file.IsDeletionVector);
            vectors.Select(file => file.ReferencedDataFile).ShouldBeUnique();
            await AreAsync();
        }

        var metadata = (await lake.TableAsync("public.items"))!.Metadata;
        (metadata.FormatVersion, metadata.CurrentSnapshot!.FirstRowId is not null, metadata.NextRowId > 240).ShouldBe((3, true, true));

        // Compaction takes the vectors away, and then readers that know no vectors find the rows too.
        (await LookAsync(lake)).ShouldBe(["Compaction"]);
        (await DeletesAsync(lake)).ShouldBeEmpty();
        await AreAsync();
        await RowsAreAsync(lake, "items");

        async Task AreAsync() => (await lake.RowsAsync("public.items")).Select(row => $"{row["id"]} {row["state"]}").Order(StringComparer.Ordinal)
            .ShouldBe((await lake.Source.ScalarAsync<string>("SELECT string_agg(id || ' ' || coalesce(state, ''), ',') FROM items")).Split(',').Order(StringComparer.Ordinal));
    }

    private static async Task StartAsync(LakeSystem lake, string tables, string layoutDelay = "00:00:00")
    {
        lake.BySchedule = true;
        lake.Settings["DataLake:CatalogUpdater:Maintenance:LayoutDelay"] = layoutDelay;
        lake.Define(tables);
        await lake.StartAsync();
        await lake.SettleAsync();
    }

    private static async Task NextAsync(LakeSystem lake, TimeSpan by)
    {
        await lake.AdvanceAsync(by);
        await lake.SettleAsync();
    }

    /// <summary>Maintenance looks at all tables.</summary>
    /// <returns>What it did beside looking for orphans.</returns>
    private static async Task<List<string>> LookAsync(LakeSystem lake)
    {
        var before = await DoneAsync();
        lake.Time.Advance(TimeSpan.FromMinutes(2));
        await lake.Services.GetRequiredService<TableMaintainer>().RunAsync(Cancellation);
        var done = await DoneAsync();
        done.ShouldAllBe(one => one.Error == null && !one.Result!.Contains("were left", StringComparison.Ordinal));
        return [.. done.Skip(before.Count).Select(one => one.Operation).Where(one => one != nameof(MaintenanceOperation.OrphanRemoval))];

        Task<List<TableMaintenance>> DoneAsync() => lake.ReadLedgerAsync(async context => await Microsoft.EntityFrameworkCore.EntityFrameworkQueryableExtensions.ToListAsync(context.Maintenance.OrderBy(one => one.StartedAt)));
    }

    private static async Task<List<DataFile>> ScanAsync(LakeSystem lake, string table, int column = 0, IcebergValue value = default)
    {
        var metadata = (await lake.TableAsync(table))!.Metadata;
        var filter = column == 0 ? null : new FileFilter(metadata, ColumnPredicate.Equal(column, value));
        return await new ScanPlanner(lake.Services.GetRequiredService<TableFiles>()).PlanAsync(metadata, metadata.CurrentSnapshot, filter, cancellation: Cancellation).Select(file => file.Data.DataFile).ToListAsync(Cancellation);
    }

    private static async Task<List<DataFile>> DeletesAsync(LakeSystem lake)
    {
        var metadata = (await lake.TableAsync("public.items"))!.Metadata;
        var reader = new SnapshotReader(lake.Services.GetRequiredService<TableFiles>());
        var found = new List<DataFile>();
        foreach (var manifest in (await reader.ManifestsAsync(metadata.CurrentSnapshot, Cancellation)).Where(manifest => manifest.Content == ManifestContent.Deletes))
        {
            found.AddRange(await reader.EntriesAsync(manifest, withMetrics: true, Cancellation).Where(entry => entry.IsLive).Select(entry => entry.DataFile).ToListAsync(Cancellation));
        }

        return found;
    }

    /// <summary>A reader that shares no code with us finds in the lake what the source has.</summary>
    private static async Task RowsAreAsync(LakeSystem lake, string table)
    {
        var lines = await LakeReaders.IcebergAsync(MetadataOf(lake, (await lake.TableAsync($"public.{table}"))!), Cancellation);
        var expected = await lake.Source.ScalarAsync<string>(
            $"SELECT string_agg('[' || id || ',' || (extract(epoch FROM at) * 1000000)::bigint || ',' || coalesce('\"' || state || '\"', 'null') || ',' || customer || ']', E'\\n' ORDER BY id) FROM {table}");
        lines.Skip(1).OrderBy(line => int.Parse(line[1..line.IndexOf(',', StringComparison.Ordinal)], CultureInfo.InvariantCulture)).ShouldBe(expected.Split('\n'));
    }

    private static string MetadataOf(LakeSystem lake, CatalogTable table) =>
        lake.Services.GetRequiredService<LakeDirectory>().Resolve(lake.Services.GetRequiredService<TableFiles>().PathOf(table.MetadataLocation));

    private static string PathOf(LakeSystem lake, DataFile file) => lake.Services.GetRequiredService<LakeDirectory>().Resolve(lake.Services.GetRequiredService<TableFiles>().PathOf(file.FilePath));

    private static long Micros(string time) => (DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
