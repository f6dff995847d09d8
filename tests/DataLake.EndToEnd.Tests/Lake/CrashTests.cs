using DataLake.Iceberg.Operations;
using DataLake.Testing;
using Shouldly;

namespace DataLake.EndToEnd.Tests.Lake;

public sealed class CrashTests(TestPostgres postgres)
{
    private const int Killed = 137;

    private static readonly string[] Tables = ["shipments", "deposits", "loans"];

    private const string Definition =
        """
        pipeline: operations
        source:
          connection: env:DATALAKE_SOURCE
        defaults: { schedule: rate(1 minute), lag: 0s }
        tables:
          - { table: public.shipments, cursor: updated_at, key: [shipment_id], chunks: { column: shipment_id, lower: 1, upper: 2000, count: 3 } }
          - { table: public.deposits, cursor: updated_at, write: append }
          - { table: public.loans }
        """;

    [Theory]
    [InlineData("scheduler.planned")]
    [InlineData("scheduler.dispatched")]
    [InlineData("extractor.claimed")]
    [InlineData("extractor.snapshot-taken")]
    [InlineData("extractor.rows-read")]
    [InlineData("extractor.file-published")]
    [InlineData("extractor.files-written")]
    [InlineData("extractor.receipt-recorded")]
    [InlineData("catalog.before-commit")]
    [InlineData("catalog.footers-read")]
    [InlineData("catalog.table-created")]
    [InlineData("iceberg.manifests-written")]
    [InlineData("iceberg.metadata-written")]
    [InlineData("catalog.table-committed")]
    [InlineData("catalog.after-commit")]
    public async Task A_host_that_is_killed_loses_and_doubles_nothing(string failpoint)
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition);
        // The second table to get there is hit, so that others are at different places.
        var (exitCode, printed) = await lake.OnceAsync($"{failpoint}=kill{(failpoint.StartsWith("scheduler", StringComparison.Ordinal) ? "" : "@2")}");
        exitCode.ShouldBe(Killed, printed);
        await NothingHalfIsVisibleAsync(lake);

        (exitCode, printed) = await lake.OnceAsync();
        exitCode.ShouldBe(0, printed);
        foreach (var table in Tables)
        {
            var files = await lake.FilesAsync($"public.{table}");
            (await lake.CompareAsync($"SELECT * FROM {table}", files)).ShouldBe((0, 0), $"{table} after {failpoint}");
        }

        (await lake.Ledger.ScalarAsync<long>("SELECT count(*) FROM datalake.runs WHERE status <> 'Committed'")).ShouldBe(0);
        await EachRunIsInItsTableOnceAsync(lake);
        await NothingIsLeftOverAsync(lake);
    }

    [Theory]
    [InlineData("catalog.deletes-written", "position", 2)]
    [InlineData("iceberg.manifests-written", "position", 2)]
    [InlineData("iceberg.metadata-written", "position", 2)]
    [InlineData("catalog.table-committed", "position", 2)]
    [InlineData("iceberg.metadata-written", "position", 3)]
    [InlineData("catalog.table-committed", "position", 3)]
    [InlineData("catalog.deletes-written", "equality", 2)]
    [InlineData("catalog.table-committed", "equality", 2)]
    public async Task A_host_that_is_killed_in_an_upsert_replaces_each_row_once(string failpoint, string deletes, int version)
    {
        await using var lake = await OperationsLake.CreateAsync(
            postgres, Definition.Replace("key: [shipment_id],", $"key: [shipment_id], iceberg: {{ format_version: {version}, deletes: {deletes}, partition_by: [\"bucket(2, shipment_id)\"] }},", StringComparison.Ordinal));
        (await lake.OnceAsync()).ExitCode.ShouldBe(0);
        await lake.Source.ExecuteAsync("UPDATE shipments SET value = value + 1, updated_at = clock_timestamp() WHERE shipment_id % 3 = 0");
        var (exitCode, printed) = await lake.OnceAsync($"{failpoint}=kill");
        exitCode.ShouldBe(Killed, printed);
        await NothingHalfIsVisibleAsync(lake);

        (exitCode, printed) = await lake.OnceAsync();
        exitCode.ShouldBe(0, printed);
        (await lake.CompareAsync("SELECT * FROM shipments", await lake.QueryAsync("public.shipments"))).ShouldBe((0, 0), failpoint);
        await EachRunIsInItsTableOnceAsync(lake);
    }

    /// <summary>All files of a run are part of the table, or none is; and those of a run that is noted as committed are, until others take their place.</summary>
    private static async Task NothingHalfIsVisibleAsync(OperationsLake lake)
    {
        foreach (var name in Tables)
        {
            if (await lake.TableAsync($"public.{name}") is not { } table)
            {
                continue;
            }

            var inTable = (await lake.FilesAsync($"public.{name}")).Data.GroupBy(file => RunFolder.RunOf(file)).ToDictionary(run => run.Key, run => (long)run.Count());
            foreach (var (run, files) in inTable)
            {
                files.ShouldBe(await lake.Ledger.ScalarAsync<long>($"SELECT count(*) FROM datalake.run_files WHERE run_id = '{run}'"));
            }

            foreach (var run in await CommittedAsync(lake, name))
            {
                table.Metadata.Snapshots.SelectMany(RunSummary.RunsOf).ShouldContain(run);
            }
        }
    }

    private static async Task EachRunIsInItsTableOnceAsync(OperationsLake lake)
    {
        foreach (var name in Tables)
        {
            var runs = (await lake.TableAsync($"public.{name}")).ShouldNotBeNull().Metadata.Snapshots.SelectMany(RunSummary.RunsOf).ToList();
            runs.Order().ShouldBe((await CommittedAsync(lake, name)).Order());
        }
    }

    private static async Task NothingIsLeftOverAsync(OperationsLake lake)
    {
        var known = new List<string>();
        foreach (var name in Tables)
        {
            var table = (await lake.TableAsync($"public.{name}")).ShouldNotBeNull();
            foreach (var snapshot in table.Metadata.Snapshots)
            {
                known.AddRange((await lake.FilesAsync(table, snapshot)).Data);
            }
        }

        lake.FilesOnDisk().Except(known).ShouldBeEmpty();
    }

    /// <summary>The runs that brought rows and are noted as committed.</summary>
    private static async Task<string[]> CommittedAsync(OperationsLake lake, string table) => await lake.Ledger.ScalarAsync<string[]>(
        $"SELECT coalesce(array_agg(id::text), ARRAY[]::text[]) FROM datalake.runs WHERE table_name = 'public.{table}' AND status = 'Committed' AND file_count > 0");
}
