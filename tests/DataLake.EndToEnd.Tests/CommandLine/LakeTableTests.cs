using System.Text.Json;
using DataLake.EndToEnd.Tests.Hosting;
using DataLake.EndToEnd.Tests.Lake;
using DataLake.Ledger.Database;
using DataLake.Ledger.LakeTables;
using DataLake.Testing;
using Shouldly;

namespace DataLake.EndToEnd.Tests.CommandLine;

/// <summary>Time travel, rollback and tags, as a person types them.</summary>
public sealed class LakeTableTests(TestPostgres postgres)
{
    private const string Definition =
        """
        pipeline: operations
        source:
          connection: env:DATALAKE_SOURCE
        defaults: { schedule: rate(1 minute), lag: 0s }
        tables:
          - { table: public.shipments, cursor: updated_at, key: [shipment_id] }
          - { table: public.loans }
        """;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_table_is_read_as_it_was_and_goes_back_and_what_is_missing_is_read_again(int version)
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition.Replace("lag: 0s", $"lag: 0s, iceberg: {{ format_version: {version} }}", StringComparison.Ordinal));
        await OnceAsync(lake);
        await lake.Source.ExecuteAsync("CREATE TABLE earlier AS TABLE shipments");
        var first = (await lake.TableAsync("public.shipments")).ShouldNotBeNull();
        (await LakeAsync(lake, "tag", "shipments", "first", "--keep", "30d")).ShouldContain($"first of operations.shipments is snapshot {first.Metadata.CurrentSnapshotId}");

        // A column is renamed and one comes: files of two schemas are one table.
        await lake.Source.ExecuteAsync(
            """
            ALTER TABLE shipments RENAME COLUMN value TO worth;
            ALTER TABLE shipments ADD COLUMN note text;
            UPDATE shipments SET worth = worth + 1, note = 'more', updated_at = clock_timestamp() WHERE shipment_id % 3 = 0
            """);
        await OnceAsync(lake);

        var told = Json(await LakeAsync(lake, "table", "public.shipments", "--json", "--files"));
        (told.GetProperty("rows").GetInt64(), told.GetProperty("snapshots").GetArrayLength(), told.GetProperty("deleteFiles").GetInt32()).ShouldBe((2_100, 2, 1));
        told.GetProperty("deletedRows").GetInt64().ShouldBe(700);
        told.GetProperty("files").GetArrayLength().ShouldBe(told.GetProperty("dataFiles").GetInt32());
        told.GetProperty("columns").EnumerateArray().Where(column => column.GetProperty("key").GetBoolean()).Single().GetProperty("name").GetString().ShouldBe("shipment_id");
        (await lake.CompareAsync("SELECT * FROM shipments", await QueryAsync(lake))).ShouldBe((0, 0));

        // By time, by tag and by id it is the same, and has the columns that it had.
        var before = told.GetProperty("snapshots")[1];
        var byTag = await QueryAsync(lake, "--as-of", "first");
        (await QueryAsync(lake, "--as-of", before.GetProperty("at").GetString()!)).ShouldBe(byTag);
        (await QueryAsync(lake, "--as-of", before.GetProperty("id").GetString()!)).ShouldBe(byTag);
        (await lake.CompareAsync("SELECT * FROM earlier", byTag)).ShouldBe((0, 0));
        var asOf = await LakeAsync(lake, "table", "shipments", "--as-of", "first");
        asOf.ShouldContain(byTag.TrimEnd().Split('\n')[^1].TrimEnd());
        asOf.ShouldNotContain("note");

        await RollBackAsync(lake, first.Metadata.Properties);
        (await lake.CompareAsync("SELECT e.*, NULL FROM earlier e", await QueryAsync(lake))).ShouldBe((0, 0));
        (await lake.CompareAsync("SELECT * FROM shipments", await ReadAgainAsync(lake))).ShouldBe((0, 0));

        (await LakeAsync(lake, "tag", "shipments", "first", "--drop")).ShouldContain("dropped");
        (await lake.TableAsync("public.shipments"))!.Metadata.Refs.Keys.ShouldBe(["main"]);
    }

    [Fact]
    public async Task A_table_that_is_divided_and_deletes_by_key_is_told_of_and_read()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition.Replace(
            "key: [shipment_id] }", "key: [shipment_id], iceberg: { partition_by: [\"bucket(4, shipment_id)\"], sort_by: [updated_at desc], deletes: equality } }", StringComparison.Ordinal));
        await OnceAsync(lake);
        await lake.Source.ExecuteAsync("CREATE TABLE earlier AS TABLE shipments; UPDATE shipments SET value = value + 1, updated_at = clock_timestamp() WHERE shipment_id % 3 = 0");
        await OnceAsync(lake);
        var told = await LakeAsync(lake, "table", "shipments");
        told.ShouldContain("Partitioned by bucket(4, shipment_id)");
        told.ShouldContain("Sorted      by updated_at desc");
        told.ShouldContain("(not divided yet)");
        told.ShouldContain("2 not divided or sorted yet");
        (await LakeAsync(lake, "table", "shipments", "--json")).ShouldContain("\"partitionedBy\": [");
        (await lake.CompareAsync("SELECT * FROM shipments", await QueryAsync(lake))).ShouldBe((0, 0));

        // The key has another name now, and is found all the same; what is gone of the first snapshot is not gone in it.
        await lake.Source.ExecuteAsync("ALTER TABLE shipments RENAME COLUMN shipment_id TO number; UPDATE shipments SET value = value + 1, updated_at = clock_timestamp() WHERE number % 5 = 0");
        lake.Define(Definition.Replace("key: [shipment_id] }", "key: [number], iceberg: { partition_by: [\"bucket(4, number)\"], deletes: equality } }", StringComparison.Ordinal));
        await OnceAsync(lake);
        (await lake.CompareAsync("SELECT * FROM shipments", await QueryAsync(lake))).ShouldBe((0, 0));
        var snapshots = Json(await LakeAsync(lake, "table", "shipments", "--json")).GetProperty("snapshots");
        (await lake.CompareAsync("SELECT * FROM earlier", await QueryAsync(lake, "--as-of", snapshots[2].GetProperty("id").GetString()!))).ShouldBe((0, 0));
    }

    [Fact]
    public async Task What_cannot_be_done_is_told_with_the_next_step()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition.Replace("table: public.loans", "table: public.loans, key: [loan_id]", StringComparison.Ordinal));
        await OnceAsync(lake);
        var first = (await lake.TableAsync("public.loans"))!.Metadata.CurrentSnapshotId!.Value;
        await OnceAsync(lake);

        var listed = await LakeAsync(lake, "table");
        listed.ShouldContain("operations.loans");
        listed.ShouldContain("operations.shipments");
        var loads = await LakeAsync(lake, "rollback", "operations.loans", "--to", $"{first}", "--dry-run");
        loads.ShouldContain("loads the whole table again");
        loads.ShouldContain("Nothing was changed");

        // A commit is under way; the command waits a while for its end.
        await using var turn = (await new LedgerLocks(lake.Ledger.DataSource).TryTakeAsync("commit/operations/public.loans", CancellationToken.None)).ShouldNotBeNull();
        var waits = RefusedAsync(lake, "rollback", "loans", "--to", $"{first}", "--yes");
        (await RefusedAsync(lake, "rollback", "loans", "--to", $"{first}")).ShouldContain("--yes");
        (await RefusedAsync(lake, "table", "nowhere")).ShouldContain("It has: operations.loans, operations.shipments");
        (await RefusedAsync(lake, "table", "loans", "--as-of", "yore")).ShouldContain("no tag or branch of the table (it has main)");
        (await RefusedAsync(lake, "table", "loans", "--as-of", "2001-01-01")).ShouldContain("Choose a later time");
        (await RefusedAsync(lake, "tag", "loans", "2026-03-01")).ShouldContain("taken for a snapshot's id or a time");
        (await RefusedAsync(lake, "tag", "loans", "old", "--drop")).ShouldContain("no tag 'old'");
        (await RefusedAsync(lake, "tag", "loans", "soon", "--keep", "never")).ShouldContain("write 30d");
        (await waits).ShouldContain("operations.loans is being committed to by");
        (await lake.TableAsync("public.loans"))!.Metadata.CurrentSnapshotId.ShouldNotBe(first);
    }

    private static async Task RollBackAsync(OperationsLake lake, IReadOnlyDictionary<string, string> properties)
    {
        var looked = await LakeAsync(lake, "rollback", "shipments", "--to", "first", "--dry-run");
        looked.ShouldContain("1 run with 700 rows leaves the table");
        (await lake.TableAsync("public.shipments"))!.Metadata.Properties[LakeTableNames.RunProperty].ShouldNotBe(properties[LakeTableNames.RunProperty]);

        (await LakeAsync(lake, "rollback", "shipments", "--to", "first", "--yes")).ShouldContain("Done");
        var after = (await lake.TableAsync("public.shipments"))!.Metadata.Properties;
        foreach (var property in new[] { LakeTableNames.RunProperty, LakeTableNames.CursorProperty, LakeTableNames.SourceLsnProperty })
        {
            after[property].ShouldBe(properties[property], property);
        }
    }

    /// <summary>Goes forward and back once more, for the JSON; then types the command that it names.</summary>
    private static async Task<string> ReadAgainAsync(OperationsLake lake)
    {
        var told = Json(await LakeAsync(lake, "table", "shipments", "--json"));
        told.GetProperty("missing").GetArrayLength().ShouldBe(1);
        var left = told.GetProperty("snapshots").EnumerateArray().Single(snapshot => !snapshot.GetProperty("inMain").GetBoolean()).GetProperty("id").GetString()!;
        var forward = Json(await LakeAsync(lake, "rollback", "shipments", "--to", left, "--yes", "--json"));
        (forward.GetProperty("returning").GetArrayLength(), forward.GetProperty("leaving").GetArrayLength(), forward.GetProperty("done").GetBoolean()).ShouldBe((1, 0, true));
        var back = Json(await LakeAsync(lake, "rollback", "shipments", "--to", "first", "--yes", "--json"));
        var command = back.GetProperty("backfills").EnumerateArray().Single().GetString()!.Split(' ');
        command.ShouldContain("...", "the ledger's connection string is not repeated");
        await LakeAsync(lake, command[1..^2]);
        await OnceAsync(lake);
        Json(await LakeAsync(lake, "table", "shipments", "--json")).GetProperty("missing").GetArrayLength().ShouldBe(0);
        return await QueryAsync(lake);
    }

    private static Task<string> QueryAsync(OperationsLake lake, params string[] arguments) => LakeAsync(lake, ["table", "shipments", "--sql", .. arguments]);

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static async Task OnceAsync(OperationsLake lake)
    {
        var (code, printed) = await lake.OnceAsync();
        code.ShouldBe(0, printed);
    }

    private static async Task<string> LakeAsync(OperationsLake lake, params string[] arguments)
    {
        await using var command = Start(lake, arguments);
        (await command.EndAsync()).ShouldBe(0, command.Everything);
        return command.Output.TrimEnd().TrimEnd(';');
    }

    private static async Task<string> RefusedAsync(OperationsLake lake, params string[] arguments)
    {
        await using var command = Start(lake, arguments);
        (await command.EndAsync()).ShouldBe(2, command.Everything);
        return command.Errors;
    }

    private static ProgramRun Start(OperationsLake lake, string[] arguments) =>
        ProgramRun.Start("lake.dll", lake.Folder, [.. arguments, "--ledger", lake.Ledger.ConnectionString, .. arguments[0] == "backfill" ? (string[])[] : ["--data-dir", "data"]]);
}
