using DataLake.Ledger.Catalog;
using DataLake.Services.Tests.Hosting;

namespace DataLake.Services.Tests.Ledger;

public sealed class TableColumnTests(LedgerTestDatabase database) : IClassFixture<LedgerTestDatabase>
{
    [Fact]
    public async Task A_renamed_column_keeps_its_id_a_new_one_gets_a_new_id_and_a_dropped_id_is_not_used_again()
    {
        var ledger = await TestLedger.OfAsync(database);
        (await ResolveAsync(ledger, 7, ("a", 1), ("b", 2))).ShouldBe([1, 2]);
        (await ResolveAsync(ledger, 7, ("a", 1), ("renamed", 2))).ShouldBe([1, 2]);
        (await ResolveAsync(ledger, 7, ("a", 1))).ShouldBe([1]);
        (await ResolveAsync(ledger, 7, ("a", 1), ("renamed", 3))).ShouldBe([1, 3]);
        (await ResolveAsync(ledger, 7, ("renamed", 1), ("a", 3))).ShouldBe([1, 3]); // Names changed places.
    }

    [Fact]
    public async Task Columns_of_a_table_that_was_made_anew_are_known_by_their_names()
    {
        var ledger = await TestLedger.OfAsync(database);
        await ResolveAsync(ledger, 7, ("a", 1), ("b", 2), ("c", 3));
        (await ResolveAsync(ledger, 8, ("c", 1), ("a", 2), ("d", 3))).ShouldBe([3, 1, 4]);
        (await ResolveAsync(ledger, 8, ("c", 1), ("a2", 2), ("b", 4))).ShouldBe([3, 1, 5]);
    }

    [Fact]
    public async Task A_run_that_reads_an_older_snapshot_does_not_give_columns_new_ids()
    {
        var ledger = await TestLedger.OfAsync(database);
        (await ResolveAsync(ledger, 7, ("a", 1), ("b", 2))).ShouldBe([1, 2]);
        (await ResolveAsync(ledger, 7, ("a", 1), ("c", 3))).ShouldBe([1, 3]);
        (await ResolveAsync(ledger, 7, ("a", 1), ("b", 2))).ShouldBe([1, 2]);
        (await ResolveAsync(ledger, 7, ("a", 1), ("c", 3))).ShouldBe([1, 3]);
    }

    [Fact]
    public async Task Many_runs_that_resolve_at_once_get_the_same_ids()
    {
        var ledger = await TestLedger.OfAsync(database);
        var columns = Enumerable.Range(1, 30).Select(number => ($"c{number}", number)).ToArray();
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ResolveAsync(ledger, 7, columns))));
        foreach (var ids in results)
        {
            ids.ShouldBe(Enumerable.Range(1, 30));
        }
    }

    private static Task<IReadOnlyList<int>> ResolveAsync(TestLedger ledger, long relation, params (string Name, int Number)[] columns) =>
        ledger.Columns.ResolveAsync(ledger.Pipeline, TestLedger.Table, relation,
            [.. columns.Select(column => new SourceColumn(column.Name, "text", true, column.Number))], CancellationToken.None);
}
