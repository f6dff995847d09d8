using DataLake.Testing;
using Shouldly;

namespace DataLake.EndToEnd.Tests.Lake;

public sealed class OnceTests(TestPostgres postgres)
{
    private const string Definition =
        """
        pipeline: operations
        source:
          connection: env:DATALAKE_SOURCE
        defaults:
          schedule: rate(1 minute)
          lag: 0s
        tables:
          - { table: public.shipments, cursor: updated_at, key: [shipment_id], chunks: { column: shipment_id, lower: 1, upper: 2000, count: 3 } }
          - { table: public.deposits, cursor: updated_at, key: [deposit_id] }
          - { table: public.investments, cursor: updated_at, window: 1d, start: 2020-01-01, write: append, concurrency: 2 }
          - { table: public.loans }
        """;

    [Theory]
    [InlineData("public.shipments")]
    [InlineData("public.deposits")]
    [InlineData("public.loans")]
    public async Task An_independent_reader_finds_exactly_the_rows_of_the_source(string table)
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition.Replace("start: 2020-01-01, ", "", StringComparison.Ordinal));
        var (exitCode, printed) = await lake.OnceAsync();
        exitCode.ShouldBe(0, printed);
        printed.ShouldContain(table);

        (await lake.CompareAsync($"SELECT * FROM {table}", await lake.FilesAsync(table))).ShouldBe((0, 0));
    }

    [Fact]
    public async Task A_second_run_reads_only_what_came_since_and_nothing_twice()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition.Replace("start: 2020-01-01, ", "", StringComparison.Ordinal));
        (await lake.OnceAsync()).ExitCode.ShouldBe(0);
        await lake.Source.ExecuteAsync("UPDATE shipments SET value = value + 1, updated_at = clock_timestamp() WHERE shipment_id <= 10");
        await lake.Source.ExecuteAsync("DELETE FROM loans WHERE loan_id = 1");
        (await lake.OnceAsync()).ExitCode.ShouldBe(0);

        var shipments = await lake.FilesAsync("public.shipments");
        (await lake.CompareAsync("SELECT * FROM shipments WHERE shipment_id <= 10", new TableFileList([shipments.Data[^1]], []))).ShouldBe((0, 0));
        // The rows that were read again took the place of those before.
        shipments.Deletes.ShouldNotBeEmpty();
        (await lake.CompareAsync("SELECT * FROM shipments", shipments)).ShouldBe((0, 0));
        // A full load takes the place of the one before.
        (await lake.CompareAsync("SELECT * FROM loans", await lake.FilesAsync("public.loans"))).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Calendar_windows_from_a_start_are_caught_up_one_by_one()
    {
        var start = DateTime.UtcNow.Date.AddDays(-25).ToString("yyyy-MM-dd");
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition.Replace("2020-01-01", start, StringComparison.Ordinal));
        var (exitCode, printed) = await lake.OnceAsync();
        exitCode.ShouldBe(0, printed);

        (await lake.Ledger.ScalarAsync<long>("SELECT count(*) FROM datalake.runs WHERE table_name = 'public.investments' AND status = 'Committed'")).ShouldBe(25);
        (await lake.CompareAsync($"SELECT * FROM investments WHERE updated_at >= '{start}Z' AND updated_at < date_trunc('day', now(), 'UTC')",
            await lake.FilesAsync("public.investments"))).ShouldBe((0, 0));
    }

    [Fact]
    public async Task A_failure_of_one_table_is_told_with_the_next_step_and_does_not_stop_the_others()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition.Replace("start: 2020-01-01, ", "", StringComparison.Ordinal)
            .Replace("public.deposits", "public.depositz", StringComparison.Ordinal));
        var (exitCode, printed) = await lake.OnceAsync();
        exitCode.ShouldBe(1, printed);
        printed.ShouldContain("The source has no table public.depositz; it has public.deposits");
        (await lake.CompareAsync("SELECT * FROM shipments", await lake.FilesAsync("public.shipments"))).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Wrong_definitions_are_refused_at_once_with_every_error_at_its_place()
    {
        await using var lake = await OperationsLake.CreateAsync(postgres, Definition.Replace("lag: 0s", "lagg: 0s", StringComparison.Ordinal)
            .Replace("rate(1 minute)", "rate(1 minutes)", StringComparison.Ordinal));
        var (exitCode, printed) = await lake.OnceAsync();
        exitCode.ShouldBe(2);
        printed.ShouldContain("operations.yaml:6:3");
        printed.ShouldContain("did you mean 'lag'");
        printed.ShouldContain("operations.yaml:5:13");
    }
}
