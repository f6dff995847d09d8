using System.Text.Json;
using DataLake.EndToEnd.Tests.Hosting;
using DataLake.EndToEnd.Tests.Lake;
using DataLake.Testing;
using Shouldly;

namespace DataLake.EndToEnd.Tests.CommandLine;

public sealed class LakeCommandTests(TestPostgres postgres)
{
    private const string Definition =
        """
        pipeline: operations
        source:
          connection: env:DATALAKE_SOURCE
        defaults: { schedule: rate(1 minute), lag: 0s }
        tables:
          - { table: public.shipments, cursor: updated_at, write: append }
          - { table: public.nowhere }
        """;

    private const string ConfigRow =
        "deposit,11/5/18,2018-11-04 00:00:000,2018-11-05 00:00:000,j-0000000000000,PENDING,s3://my-bucketholder/RAW/,s3://my-bucketholder/spark/ingest_on_prem_db_tables.py,spark,cfn_s3_sprk_1_deposits,shipmt_date_tstmp,quarter, 1, 1000, 10";

    [Fact]
    public async Task Runs_are_listed_and_shown_with_their_files_and_errors()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition);
        (await lake.OnceAsync()).ExitCode.ShouldBe(1);

        var (code, listed) = await LakeAsync(lake.Folder, "runs", "--ledger", lake.Ledger.ConnectionString);
        code.ShouldBe(0, listed);
        listed.ShouldContain("public.nowhere");
        listed.ShouldContain("failed");

        (code, var json) = await LakeAsync(lake.Folder, "runs", "--status", "committed", "--json", "--ledger", lake.Ledger.ConnectionString);
        code.ShouldBe(0, json);
        var run = JsonDocument.Parse(json).RootElement.EnumerateArray().Single();
        run.GetProperty("rows").GetInt64().ShouldBe(2_100);
        run.GetProperty("cpuSecondsPerMillionRows").GetDouble().ShouldBe(run.GetProperty("cpuSeconds").GetDouble() / 2_100 * 1_000_000, 0.001);

        var id = run.GetProperty("id").GetString()!;
        (code, var shown) = await LakeAsync(lake.Folder, "show", id[^12..], "--ledger", lake.Ledger.ConnectionString);
        code.ShouldBe(0, shown);
        shown.ShouldContain("Attempt 1");
        shown.ShouldContain("s for a million rows");
        shown.ShouldContain($"run={id}/part-1-0.parquet");

        (code, var status) = await LakeAsync(lake.Folder, "status", "--ledger", lake.Ledger.ConnectionString);
        code.ShouldBe(1, status);
        status.ShouldContain("failed");
    }

    [Fact]
    public async Task A_backfill_is_asked_for_and_replaces_what_it_reads_again()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition.Replace("  - { table: public.nowhere }", "", StringComparison.Ordinal));
        (await lake.OnceAsync()).ExitCode.ShouldBe(0);
        await lake.Source.ExecuteAsync("UPDATE shipments SET value = 1 WHERE shipment_id <= 5"); // behind the cursor's back
        var (code, printed) = await LakeAsync(
            lake.Folder, "backfill", "public.shipments", "--pipeline", "operations", "--from", "beginning", "--to", "2100-01-01", "--ledger", lake.Ledger.ConnectionString);
        code.ShouldBe(0, printed);
        (code, printed) = await lake.OnceAsync();
        code.ShouldBe(0, printed);

        (await lake.CompareAsync("SELECT * FROM shipments", await lake.FilesAsync("public.shipments"))).ShouldBe((0, 0));
    }

    [Fact]
    public async Task A_plan_tells_how_a_table_would_be_read_and_reads_nothing()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition);
        await File.WriteAllTextAsync(Path.Combine(lake.Folder, "source"), lake.Source.ConnectionString);
        lake.Define(Definition.Replace("env:DATALAKE_SOURCE", "file:source", StringComparison.Ordinal));
        var (code, printed) = await LakeAsync(lake.Folder, "plan", "public.shipments", "--json");
        code.ShouldBe(0, printed);
        var plan = JsonDocument.Parse(printed).RootElement;
        plan.GetProperty("rows").GetInt64().ShouldBeInRange(1_900, 2_300);
        plan.GetProperty("columns").GetArrayLength().ShouldBe(22);
        plan.GetProperty("chunks")[0].GetProperty("steps")[0].GetString()!.ShouldContain("shipments");
        (await lake.Ledger.ScalarAsync<bool>("SELECT to_regclass('datalake.runs') IS NULL")).ShouldBeTrue();

        (code, printed) = await LakeAsync(lake.Folder, "plan", "public.nowhere");
        code.ShouldBe(2);
        printed.ShouldContain("The source has no table public.nowhere");

        // What the extractor would refuse, the plan says before a row moves.
        lake.Define(Definition.Replace("env:DATALAKE_SOURCE", "file:source", StringComparison.Ordinal).Replace("write: append", "write: append, files: { bloom_filters: [nix] }", StringComparison.Ordinal));
        (code, printed) = await LakeAsync(lake.Folder, "plan", "public.shipments");
        code.ShouldBe(2);
        printed.ShouldContain("public.shipments has no column nix, which the definition names under 'bloom_filters'");
        Iceberg("partition_by: [day(updated_at), \"bucket(8, shipment_id)\"], sort_by: [shipment_id desc]");
        (code, printed) = await LakeAsync(lake.Folder, "plan", "public.shipments");
        (code, printed.Contains("to be written as append (Iceberg version 2), partitioned by day(updated_at), bucket(8, shipment_id), sorted by shipment_id desc", StringComparison.Ordinal)).ShouldBe((0, true), printed);
        Iceberg("partition_by: [day(shipment_id)]");
        (code, printed) = await LakeAsync(lake.Folder, "plan", "public.shipments");
        (code, printed.Contains("cannot be partitioned by day of the column 'shipment_id', which is long: day takes dates and times with a date", StringComparison.Ordinal)).ShouldBe((2, true), printed);

        void Iceberg(string keys) => lake.Define(Definition.Replace("env:DATALAKE_SOURCE", "file:source", StringComparison.Ordinal).Replace("write: append", $"write: append, iceberg: {{ {keys} }}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plan_is_that_of_the_next_window_where_a_ledger_knows_what_is_planned_already()
    {
        var definition = Definition.Replace("  - { table: public.nowhere }", "", StringComparison.Ordinal).Replace("write: append", "write: upsert, key: [shipment_id], lookback: 1h", StringComparison.Ordinal);
        await using var lake = await OperationsLake.CreateAsync(postgres, definition);
        var once = await lake.OnceAsync();
        once.ExitCode.ShouldBe(0, once.Printed);
        var plannedTo = await lake.Ledger.ScalarAsync<DateTime>("SELECT max(window_to) FROM datalake.runs");
        await File.WriteAllTextAsync(Path.Combine(lake.Folder, "source"), lake.Source.ConnectionString);
        lake.Define(definition.Replace("env:DATALAKE_SOURCE", "file:source", StringComparison.Ordinal));

        var next = await PlanAsync();
        (next.Window, next.Why).ShouldBe(($"[{plannedTo:yyyy-MM-dd HH:mm:ss.ffffff'Z'}", "the next window by the ledger"));
        next.Rows.ShouldBeLessThan(2_100 / 2);
        next.Chunk.ShouldContain($"{plannedTo.AddHours(-1):yyyy-MM-dd HH:mm}"); // What may have come late is read with it.
        var first = await PlanAsync("--from", "beginning");
        (first.Window, first.Why).ShouldBe(("[beginning", "as asked for"));
        first.Rows.ShouldBeInRange(1_900, 2_300);

        var (code, printed) = await LakeAsync(lake.Folder, "plan", "public.shipments", "--ledger", lake.Ledger.ConnectionString, "--to", "2001-01-01");
        code.ShouldBe(2);
        printed.ShouldContain("Say what to plan with --from, for example --from beginning");

        async Task<(string Window, string Why, long Rows, string Chunk)> PlanAsync(params string[] more)
        {
            var (code, printed) = await LakeAsync(lake.Folder, ["plan", "public.shipments", "--json", "--ledger", lake.Ledger.ConnectionString, .. more]);
            code.ShouldBe(0, printed);
            var plan = JsonDocument.Parse(printed).RootElement;
            return (plan.GetProperty("window").GetString()!.Split(',')[0], plan.GetProperty("why").GetString()!, plan.GetProperty("rows").GetInt64(), plan.GetProperty("chunks")[0].GetRawText());
        }
    }

    [Fact]
    public async Task Definitions_are_validated_with_all_errors_at_once()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.In("bad.yaml"), "pipeline: x\nsource:\n  connection: Host=db;Password=hunter2\ntables:\n  - table: public.a\n    schedul: rate(1 day)\n");
        var (code, printed) = await LakeAsync(folder.Path, "validate", "bad.yaml");
        code.ShouldBe(1);
        printed.ShouldContain("bad.yaml:3:15");
        printed.ShouldContain("did you mean 'schedule'");
        printed.ShouldNotContain("hunter2");

        (code, printed) = await LakeAsync(folder.Path, "validate", "bad.yaml", "--json");
        code.ShouldBe(1);
        JsonDocument.Parse(printed).RootElement.GetProperty("errors").GetArrayLength().ShouldBeGreaterThanOrEqualTo(2);
    }

    [Fact]
    public async Task The_older_table_of_jobs_becomes_a_valid_definition()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.In("config.txt"), ConfigRow);
        var (code, printed) = await LakeAsync(folder.Path, "import-config", "config.txt", "--out", "pipelines/imported.yaml");
        code.ShouldBe(0, printed);
        (code, printed) = await LakeAsync(folder.Path, "validate", "pipelines");
        code.ShouldBe(0, printed);

        // An existing file is not overwritten, and a bad row is refused with its line.
        (await LakeAsync(folder.Path, "import-config", "config.txt", "--out", "pipelines/imported.yaml")).ExitCode.ShouldBe(2);
        await File.WriteAllTextAsync(folder.In("config.txt"), $"{ConfigRow}\nonly,three,columns\n");
        (code, printed) = await LakeAsync(folder.Path, "import-config", "config.txt");
        code.ShouldBe(1);
        printed.ShouldContain("line 2");
    }

    [Fact]
    public async Task Without_a_ledger_the_next_step_is_told()
    {
        using var folder = new TemporaryFolder();
        var (code, printed) = await LakeAsync(folder.Path, "runs");
        code.ShouldBe(2);
        printed.ShouldContain("--data-dir");
    }

    private static async Task<(int ExitCode, string Printed)> LakeAsync(string folder, params string[] arguments)
    {
        await using var lake = ProgramRun.Start("lake.dll", folder, arguments);
        var code = await lake.EndAsync();
        return (code, arguments.Contains("--json") ? lake.Output : lake.Everything);
    }
}
