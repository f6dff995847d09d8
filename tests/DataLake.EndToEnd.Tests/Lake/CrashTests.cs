using DataLake.Testing;
using Shouldly;

namespace DataLake.EndToEnd.Tests.Lake;

public sealed class CrashTests(TestPostgres postgres)
{
    private const int Killed = 137;

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
        foreach (var table in new[] { "shipments", "deposits", "loans" })
        {
            var files = await lake.FilesAsync($"public.{table}");
            (await lake.CompareAsync($"SELECT * FROM {table}", files)).ShouldBe((0, 0), $"{table} after {failpoint}");
        }

        (await lake.Ledger.ScalarAsync<long>("SELECT count(*) FROM datalake.runs WHERE status <> 'Committed'")).ShouldBe(0);
        (await lake.Ledger.ScalarAsync<long>("SELECT count(*) - count(DISTINCT run_id) FROM datalake.catalog_commits")).ShouldBe(0);
        await NothingIsLeftOverAsync(lake);
    }

    private static async Task NothingHalfIsVisibleAsync(OperationsLake lake)
    {
        if (await lake.Ledger.ScalarAsync<bool>("SELECT to_regclass('datalake.catalog_files') IS NULL"))
        {
            return;
        }

        // Files are part of a table exactly where their run is committed, all of them or none.
        (await lake.Ledger.ScalarAsync<long>(
            """
            SELECT count(*) FROM datalake.run_files f JOIN datalake.runs r ON r.id = f.run_id
            LEFT JOIN datalake.catalog_files c ON c.path = f.path WHERE (r.status = 'Committed') <> (c.path IS NOT NULL)
            """)).ShouldBe(0);
    }

    private static async Task NothingIsLeftOverAsync(OperationsLake lake)
    {
        var committed = new List<string>();
        foreach (var table in new[] { "public.shipments", "public.deposits", "public.loans" })
        {
            committed.AddRange(await lake.FilesAsync(table));
        }

        var superseded = await lake.Ledger.ScalarAsync<long>("SELECT count(*) FROM datalake.catalog_files WHERE removed_in IS NOT NULL");
        lake.FilesOnDisk().Except(committed).Count().ShouldBe((int)superseded);
    }
}
