using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Services.Tests.Extractor;

/// <summary>Which rows a run reads.</summary>
public sealed class WindowTests(TestPostgres postgres)
{
    private static readonly DateTimeOffset Noon = LakeSystem.Noon;

    [Fact]
    public async Task A_row_at_the_edge_of_a_window_is_read_once_by_the_window_that_starts_there()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            """
            CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL);
            INSERT INTO items VALUES (1, '2026-01-10 09:59:59.999999Z'), (2, '2026-01-10 10:00:00Z'), (3, '2026-01-10 10:00:00.000001Z'), (4, '2026-01-10 12:00:00Z');
            """);
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at, window: 1h }");
        await lake.StartAsync();
        await lake.SetSourceClockAsync(Noon.AddHours(-2));
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1]);
        lake.Time.Advance(TimeSpan.FromMinutes(1));
        await lake.SetSourceClockAsync(Noon);
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2, 3]);
        (await lake.FilesAsync("public.items"))[^1].Run.WindowFrom.ShouldBe(Noon.AddHours(-2));
    }

    [Fact]
    public async Task An_empty_window_is_committed_without_files()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, "CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL)");
        lake.Define(" - { table: items, cursor: at, chunks: 3 }");
        await lake.StartAsync();
        await lake.SettleAsync();
        var run = await lake.OnlyRunAsync();
        (run.Status, run.Rows, run.FileCount).ShouldBe((RunStatus.Committed, 0, 0));
        lake.FilesOnDisk().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_full_load_is_the_table_as_it_is_now()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, "CREATE TABLE items (id int); INSERT INTO items VALUES (1), (2), (NULL)");
        lake.BySchedule = true;
        lake.Define(" - { table: items }");
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([null, 1, 2]);
        await lake.Source.ExecuteAsync("DELETE FROM items WHERE id = 1; INSERT INTO items VALUES (9)");
        await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([null, 2, 9]);
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.SourceLsn != null && (run.CpuSeconds > 0 || OperatingSystem.IsWindows()));
    }

    [Fact]
    public async Task A_lookback_reads_rows_that_were_committed_late()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            "CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL); INSERT INTO items VALUES (1, '2026-01-10 11:50:00Z'), (2, '2026-01-10 11:00:00Z')");
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at, key: [id], lookback: 15m }");
        await lake.StartAsync();
        await lake.SettleAsync();
        await lake.Source.ExecuteAsync("INSERT INTO items VALUES (3, '2026-01-10 11:59:00Z')");
        await lake.AdvanceAsync(TimeSpan.FromMinutes(5));
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2, 3]);
        (await lake.AllRunsAsync())[1].WindowFrom.ShouldBe(Noon); // The window itself starts where the last stopped.
    }

    [Fact]
    public async Task Sensitive_values_are_nowhere_in_the_files()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            "CREATE TABLE people (id int PRIMARY KEY, name text, mail text NOT NULL, iban text, born date); " +
            "INSERT INTO people SELECT i, 'Secretname' || i, 'secretmail' || i || '@example.org', CASE WHEN i > 1 THEN 'SECRETIBAN' || i % 2 END, '1999-09-09' FROM generate_series(1, 50) i");
        lake.WriteSecret("mask", "the-key-of-masks");
        lake.Define(" - { table: people, key: [id], sensitive: [name, born, { column: mail, mask: redact }, { column: iban, mask: hash }] }");
        await lake.StartAsync();
        await lake.SettleAsync();

        (await lake.OnlyRunAsync()).Error.ShouldBeNull();
        var rows = await lake.RowsAsync("public.people");
        rows.Count.ShouldBe(50);
        rows.ShouldAllBe(row => row["name"] == null && row["born"] == null && (string)row["mail"]! == "[redacted]");
        rows.Select(row => row["iban"]).Distinct().Count().ShouldBe(3); // Missing, and two that stay equal.
        lake.FilesOnDisk().ShouldAllBe(file => file.Contains("/masked/", StringComparison.Ordinal));
        foreach (var file in lake.FilesOnDisk("."))
        {
            var bytes = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
            foreach (var secret in new[] { "Secretname", "secretmail", "SECRETIBAN", "the-key-of-masks" })
            {
                bytes.ShouldNotContain(secret, Case.Insensitive);
            }
        }
    }

    [Fact]
    public async Task A_cursor_without_zone_loses_and_doubles_nothing_where_clocks_change()
    {
        // In Amsterdam 2025-10-26 03:00 became 02:00, and 2026-03-29 02:00 became 03:00.
        await using var lake = await LakeSystem.CreateAsync(postgres,
            """
            CREATE TABLE items (id int PRIMARY KEY, at timestamp NOT NULL);
            INSERT INTO items SELECT row_number() OVER (), t FROM generate_series('2025-10-26 00:00'::timestamp, '2025-10-26 05:00', interval '10 minutes') t;
            """);
        lake.Define(" - { table: items, cursor: { column: at, timezone: Europe/Amsterdam }, window: 30m, start: 2025-10-25T20:00:00Z }");
        await lake.SetSourceClockAsync(new DateTimeOffset(2025, 10, 26, 5, 0, 0, TimeSpan.Zero));
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([.. Enumerable.Range(1, 31)]);
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed);
    }

    [Fact]
    public async Task A_date_cursor_is_read_by_days_that_are_over()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            "CREATE TABLE items (id int PRIMARY KEY, day date NOT NULL); INSERT INTO items VALUES (8, '2026-01-08'), (9, '2026-01-09'), (10, '2026-01-10')");
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: day }");
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([8, 9]);
        await lake.AdvanceAsync(TimeSpan.FromHours(6));
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([8, 9]);
        await lake.AdvanceAsync(TimeSpan.FromHours(6));
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([8, 9, 10]);
    }

    [Fact]
    public async Task Names_in_capitals_with_spaces_and_quotes_are_read()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            """
            CREATE SCHEMA "Odd Schema";
            CREATE TABLE "Odd Schema"."My ""Table"".x/../y" ("Id" int PRIMARY KEY, "Changed At" timestamptz NOT NULL, "select" text, "quo""te" text);
            INSERT INTO "Odd Schema"."My ""Table"".x/../y" VALUES (1, '2026-01-10 09:00Z', 's', 'q');
            """);
        lake.Define(""" - { table: '"Odd Schema"."My ""Table"".x/../y"', cursor: "Changed At", key: ["Id"], chunks: 2, sensitive: [{ column: 'quo"te', mask: redact }] }""");
        await lake.StartAsync();
        await lake.SettleAsync();
        var run = await lake.OnlyRunAsync();
        run.Error.ShouldBeNull();
        var row = (await lake.RowsAsync(run.Table)).ShouldHaveSingleItem();
        (row["Id"], row["select"], row["quo\"te"]).ShouldBe((1, "s", "[redacted]"));
        lake.FilesOnDisk().ShouldAllBe(file => file.StartsWith(lake.LakeFolder + "/raw/test/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Columns_that_are_added_dropped_and_renamed_between_windows_keep_their_ids()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            "CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL, a text, b text); INSERT INTO items VALUES (1, '2026-01-10 09:30Z', 'a', 'b')");
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-10T09:00:00Z }");
        await lake.StartAsync();
        await lake.SettleAsync();
        await lake.Source.ExecuteAsync("ALTER TABLE items DROP a; ALTER TABLE items RENAME b TO b2; ALTER TABLE items ADD a int; INSERT INTO items VALUES (2, '2026-01-10 12:30Z', 'b', 7)");
        await lake.AdvanceAsync(TimeSpan.FromHours(1));
        await lake.SettleAsync();

        var columns = new List<IReadOnlyList<(string, int?)>>();
        foreach (var file in await lake.FilesAsync("public.items"))
        {
            columns.Add(await LakeRows.ColumnsAsync(Path.Combine(lake.LakeFolder, file.Path)));
        }

        columns.ShouldBe([[("id", 1), ("at", 2), ("a", 3), ("b", 4)], [("id", 1), ("at", 2), ("b2", 4), ("a", 5)]]);

        // A reader that looks columns up by their names in each file finds them by the schema in its footer.
        var table = (await lake.TableAsync("public.items")).ShouldNotBeNull();
        var rows = await LakeReaders.IcebergAsync(new Uri(table.MetadataLocation).LocalPath);
        rows.ShouldBe(["""["id","at","b2","a"]""", """[1,1768037400000000,"b",null]""", """[2,1768048200000000,"b",7]"""], ignoreOrder: true);
    }

    [Fact]
    public async Task Many_runs_with_many_chunks_on_few_connections_do_not_wait_for_each_other_for_ever()
    {
        var tables = Enumerable.Range(0, 6).Select(number => $"t{number}").ToList();
        await using var lake = await LakeSystem.CreateAsync(postgres, string.Concat(tables.Select(table =>
            $"CREATE TABLE {table} (id int PRIMARY KEY, at timestamptz NOT NULL); INSERT INTO {table} SELECT i, '2026-01-10 09:00Z'::timestamptz + i * interval '1 second' FROM generate_series(1, 2000) i; ANALYZE {table};")));
        lake.Define(string.Join('\n', tables.Select(table => $" - {{ table: {table}, cursor: at, chunks: 4, start: 2026-01-10T08:00:00Z, window: 30m, concurrency: 4 }}")), "max_connections: 2, max_runs: 50");
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed && run.Attempt == 1);
        foreach (var table in tables)
        {
            (await lake.ColumnAsync($"public.{table}", "id")).ShouldBe([.. Enumerable.Range(1, 2000)]);
        }
    }

    [Theory]
    [InlineData("4")]
    [InlineData("{ column: id, lower: 0, upper: 3000, count: 7 }")]
    public async Task One_connection_reads_all_chunks(string chunks)
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            "CREATE TABLE items (id int, filler text); INSERT INTO items SELECT i, repeat('x', 200) FROM generate_series(-50, 3000) i; INSERT INTO items VALUES (NULL, ''); ANALYZE items;");
        lake.Define($" - {{ table: items, chunks: {chunks} }}", "max_connections: 1");
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([null, .. Enumerable.Range(-50, 3051)]);
        (await lake.OnlyRunAsync()).FileCount.ShouldBeGreaterThan(3);
    }

    [Fact]
    public async Task A_file_that_has_reached_its_size_is_followed_by_another()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            "CREATE TABLE items (id int PRIMARY KEY, filler text); INSERT INTO items SELECT i, md5(i::text) FROM generate_series(1, 30000) i");
        lake.Define(" - { table: items, files: { size: 300KB } }");
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.OnlyRunAsync()).FileCount.ShouldBeGreaterThan(2);
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([.. Enumerable.Range(1, 30000)]);
        foreach (var file in await lake.Runs.FilesAsync((await lake.OnlyRunAsync()).Id, CancellationToken.None))
        {
            var bytes = await File.ReadAllBytesAsync(Path.Combine(lake.LakeFolder, file.Path));
            (bytes.Length, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes))).ShouldBe(((int)file.Bytes, file.Sha256));
        }
    }
}
