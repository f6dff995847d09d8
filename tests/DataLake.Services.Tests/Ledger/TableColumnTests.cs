using DataLake.Iceberg.Types;
using DataLake.Ledger.Columns;
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

    [Fact]
    public async Task Elements_get_an_id_when_their_column_becomes_a_list_and_keep_it()
    {
        var ledger = await TestLedger.OfAsync(database);
        SourceColumn a = new("a", "int[]", true, 1, PrimitiveType.Int), b = new("b", "text[]", true, 2, PrimitiveType.String, IsList: true), c = new("c", "int", true, 3, PrimitiveType.Int);
        (await ListsAsync(7, a, b)).ShouldBe([(1, null), (2, 3)]);
        (await ListsAsync(7, a, b, c)).ShouldBe([(1, null), (2, 3), (4, null)]);
        (await ListsAsync(7, a with { IsList = true }, b with { Name = "renamed" }, c)).ShouldBe([(1, 5), (2, 3), (4, null)]);
        (await ListsAsync(7, a, c, new("d", "int", true, 4, PrimitiveType.Int))).ShouldBe([(1, 5), (4, null), (6, null)]); // As text again, it was a list once.
        (await ListsAsync(7, a with { IsList = true }, b with { Number = 5 })).ShouldBe([(1, 5), (7, 8)]);
        (await ListsAsync(9, b with { Number = 1 }, a with { Number = 2, IsList = true })).ShouldBe([(7, 8), (1, 5)]); // The table was made anew.

        async Task<IEnumerable<(int, int?)>> ListsAsync(long relation, params SourceColumn[] columns) =>
            (await ledger.Columns.ResolveAsync(ledger.Pipeline, TestLedger.Table, relation, columns, CancellationToken.None)).Select(ids => (ids.Column, ids.Element));
    }

    private static async Task<IEnumerable<int>> ResolveAsync(TestLedger ledger, long relation, params (string Name, int Number)[] columns)
    {
        var ids = await ledger.Columns.ResolveAsync(ledger.Pipeline, TestLedger.Table, relation,
            [.. columns.Select(column => new SourceColumn(column.Name, "text", true, column.Number, PrimitiveType.String))], CancellationToken.None);
        ids.ShouldAllBe(id => id.Element == null);
        return ids.Select(id => id.Column);
    }
}
