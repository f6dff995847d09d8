using System.Diagnostics;
using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;

namespace DataLake.Services.Tests.Extractor;

/// <summary>Bad input: each gets one clear error that names the thing and the next step, and leaves nothing behind.</summary>
public sealed class RefusedReadTests(TestPostgres postgres)
{
    private const string Items = "CREATE TABLE items (id int, code int UNIQUE, at timestamptz, word text, good boolean, flags boolean[]); INSERT INTO items VALUES (1, 1, '2026-01-10 09:00Z', 'a');";

    [Theory]
    [InlineData("items, cursor: word", "The cursor word of public.items is of type text", "Columns that can be its cursor: at")]
    [InlineData("items, cursor: id", "The cursor id of public.items is of type integer", "Columns that can be its cursor: at")]
    [InlineData("items, cursor: att", "public.items has no column att for its cursor", "Columns that can be its cursor: at")]
    [InlineData("item", "The source has no table public.item", "it has public.items")]
    [InlineData("Items", "The source has no table public.Items", "public.items")]
    [InlineData("nowhere.items", "The source has no table nowhere.items", "create the table")]
    [InlineData("items, cursor: at, key: [id]", "The key (id) of public.items is not unique", "write: append")]
    [InlineData("items, cursor: at, key: [code]", "The key (code) of public.items is not unique", "Add a primary key")]
    [InlineData("items, cursor: at, key: [nix]", "public.items has no column nix, which the definition names under 'key'", "case counts")]
    [InlineData("items, sensitive: [nix]", "public.items has no column nix, which the definition names under 'sensitive'", "case counts")]
    [InlineData("items, files: { bloom_filters: [nix] }", "public.items has no column nix, which the definition names under 'bloom_filters'", "case counts")]
    [InlineData("items, files: { bloom_filters: [code, good] }", "The column good of public.items is of type boolean, and Parquet has no Bloom filters", "Leave it out of 'bloom_filters'")]
    [InlineData("items, types: { arrays: list }, files: { bloom_filters: [flags] }", "The column flags of public.items is of type boolean[]", "Leave it out of 'bloom_filters'")]
    [InlineData("items, chunks: { column: nix, lower: 1, upper: 9, count: 2 }", "public.items has no column nix to cut it into chunks", "chunks: auto")]
    [InlineData("items, sensitive: [{ column: word, mask: hash }]", "/mask", "Create it, or correct the reference")]
    public async Task A_definition_that_does_not_fit_fails_at_once_and_says_what_to_change(string table, string thing, string step)
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.Define($" - {{ table: {table} }}");
        await ShouldFailAsync(lake, thing, step);
    }

    [Fact]
    public async Task A_cursor_that_is_null_is_refused_before_a_row_is_lost()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items + "INSERT INTO items VALUES (2, 2, NULL, 'b')");
        lake.Define(" - { table: items, cursor: at }");
        await ShouldFailAsync(lake, "public.items has rows whose cursor at is NULL", "SET NOT NULL");
    }

    [Fact]
    public async Task A_table_that_the_user_may_not_read_is_named_with_the_grant_that_is_missing()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        var role = await RoleAsync(lake);
        lake.Define(" - { table: items }");
        await ShouldFailAsync(lake, "may not read public.items", "GRANT SELECT");
        await lake.Source.ExecuteAsync($"DROP ROLE {role}");
    }

    [Fact]
    public async Task A_table_of_which_the_user_may_read_some_columns_is_refused()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        var role = await RoleAsync(lake);
        await lake.Source.ExecuteAsync($"GRANT SELECT (id, at) ON items TO {role}");
        lake.Define(" - { table: items }");
        await ShouldFailAsync(lake, "does not allow reading public.items", "Grant the user SELECT");
        await lake.Source.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
    }

    [Fact]
    public async Task A_value_that_cannot_be_kept_ends_the_run_and_is_named()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, "CREATE TABLE items (id int, price numeric(8, 2)); INSERT INTO items VALUES (1, 1), (2, 'NaN')");
        lake.Define(" - { table: items }");
        await ShouldFailAsync(lake, "the column price", "Mend the value");
    }

    [Fact]
    public async Task A_row_that_is_larger_than_what_is_kept_in_memory_is_named_with_what_to_do()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, "CREATE TABLE items (id int, body text); INSERT INTO items VALUES (1, 'small'), (2, repeat('x', 40000000))");
        lake.Define(" - { table: items }");
        await ShouldFailAsync(lake, "Row 2 of public.items is larger than 33,554,432 bytes", "LargestRow");
    }

    [Theory]
    [InlineData("password", "refuses the user", "Check the user and password")]
    [InlineData("database", "has no such database", "Check the database")]
    [InlineData("port", "does not answer", "Check the host and port")]
    [InlineData("text", "connection string cannot be read", "Host=db.example.com")]
    public async Task A_connection_that_cannot_be_made_is_told_with_what_to_check(string wrong, string thing, string step)
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        var role = await RoleAsync(lake);
        lake.Connect(settings =>
        {
            settings.Username = role;
            settings.Password = wrong == "password" ? "wrong-secret-password" : "right-secret-password";
            settings.Database = wrong == "database" ? "nowhere" : settings.Database;
            settings.Port = wrong == "port" ? 1 : settings.Port;
        });
        if (wrong == "text")
        {
            lake.WriteSecret("source", "wrong-secret-password;;=");
        }

        lake.Define(" - { table: items }");
        await lake.StartAsync();
        (await lake.RoundAsync()).Silent.ShouldBe([LakeSystem.Pipeline]);
        var notice = (await lake.NoticesAsync()).ShouldHaveSingleItem();
        notice.Text.ShouldContain(thing);
        notice.Text.ShouldContain(step);
        (await lake.AllRunsAsync()).ShouldBeEmpty();
        var told = string.Join('\n', lake.Logs.Lines.Select(line => line.Text).Append(notice.Text));
        told.ShouldNotContain("secret-password");
        await lake.Source.ExecuteAsync($"DROP ROLE {role}");
    }

    [Fact]
    public async Task A_source_that_goes_away_after_planning_is_tried_again_until_the_tries_are_used_up()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.Define(" - { table: items }");
        await lake.StartAsync();
        await lake.StopExtractorAsync();
        await lake.RoundAsync();
        lake.Connect(settings => settings.Port = 1);
        await lake.StartExtractorAsync();
        lake.Time.Advance(TimeSpan.FromSeconds(30));
        foreach (var pause in new[] { 10, 20, 1 })
        {
            await lake.SettleAsync();
            lake.Time.Advance(TimeSpan.FromSeconds(pause));
        }

        var run = await lake.OnlyRunAsync();
        (run.Status, run.Attempt).ShouldBe((RunStatus.Failed, 3));
        run.Error.ShouldNotBeNull().ShouldContain("does not answer");
    }

    [Fact]
    public async Task A_full_disk_fails_clearly_leaves_nothing_and_the_run_is_read_when_there_is_room()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, "CREATE TABLE items AS SELECT i AS id, md5(i::text) || md5((i + 1)::text) AS word FROM generate_series(1, 40000) i");
        var small = lake.Folder.In("small");
        Directory.CreateDirectory(small);
        Assert.SkipUnless(Mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", small), "A small file system cannot be mounted here; that needs root.");
        try
        {
            lake.LakeFolder = Path.Combine(small, "lake");
            lake.Define(" - { table: items }");
            await lake.StartAsync();
            await lake.SettleAsync();
            var run = await lake.OnlyRunAsync();
            run.Status.ShouldBe(RunStatus.Planned);
            run.Error.ShouldNotBeNull().ShouldContain("No room is left for the lake");
            run.Error.ShouldContain("Free some space");
            lake.FilesOnDisk().ShouldBeEmpty();

            Mount("-o", "remount,size=64m", small).ShouldBeTrue();
            lake.Time.Advance(TimeSpan.FromSeconds(10));
            await lake.SettleAsync();
            (await lake.ColumnAsync("public.items", "id")).ShouldBe([.. Enumerable.Range(1, 40000)]);
        }
        finally
        {
            await lake.StopAsync();
            using var unmount = Process.Start("umount", ["-l", small]);
            await unmount.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_lake_that_cannot_be_written_fails_and_says_so()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        var readOnly = lake.Folder.In("read-only");
        Directory.CreateDirectory(readOnly);
        Assert.SkipUnless(Mount("-t", "tmpfs", "-o", "ro", "tmpfs", readOnly), "A read-only file system cannot be mounted here; that needs root.");
        try
        {
            lake.LakeFolder = Path.Combine(readOnly, "lake");
            lake.Define(" - { table: items }", defaults: "retries: 0");
            await ShouldFailAsync(lake, readOnly, "");
        }
        finally
        {
            await lake.StopAsync();
            using var unmount = Process.Start("umount", ["-l", readOnly]);
            await unmount.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_lake_whose_folder_is_a_file_fails_and_says_so()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.LakeFolder = lake.Folder.In("source"); // A file is there.
        lake.Define(" - { table: items }", defaults: "retries: 0");
        await lake.StartAsync();
        await lake.SettleAsync();
        var run = await lake.OnlyRunAsync();
        (run.Status, run.Error.ShouldNotBeNull().Contains(lake.LakeFolder, StringComparison.Ordinal)).ShouldBe((RunStatus.Failed, true));
    }

    private static async Task ShouldFailAsync(LakeSystem lake, string thing, string step)
    {
        await lake.StartAsync();
        await lake.SettleAsync();
        var run = await lake.OnlyRunAsync();
        (run.Status, run.Attempt).ShouldBe((RunStatus.Failed, 1), run.Error);
        run.Error.ShouldNotBeNull().ShouldContain(thing);
        run.Error.ShouldContain(step);
        var notice = (await lake.NoticesAsync()).ShouldHaveSingleItem();
        (notice.Event, notice.Text).ShouldBe((NoticeEvent.Failed, run.Error));
        lake.FilesOnDisk().ShouldBeEmpty();
    }

    private static async Task<string> RoleAsync(LakeSystem lake)
    {
        var role = $"role_{Guid.NewGuid():n}";
        await lake.Source.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'right-secret-password'");
        lake.Connect(settings => (settings.Username, settings.Password) = (role, "right-secret-password"));
        return role;
    }

    private static bool Mount(params string[] arguments)
    {
        try
        {
            using var mount = Process.Start(new ProcessStartInfo("mount", arguments) { RedirectStandardError = true });
            mount!.WaitForExit();
            return mount.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
