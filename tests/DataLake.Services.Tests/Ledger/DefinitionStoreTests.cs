using DataLake.Ledger;
using DataLake.Ledger.Database;
using DataLake.Ledger.Definitions;
using DataLake.Ledger.Model;
using DataLake.Ledger.Scheduling;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;

namespace DataLake.Services.Tests.Ledger;

/// <summary>Applying makes the given definitions all there are, so that each test has a ledger of its own.</summary>
public sealed class DefinitionStoreTests(TestPostgres postgres)
{
    [Fact]
    public async Task A_changed_text_is_a_new_version_and_an_unchanged_one_is_not()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var store = await StoreAsync(database);
        (await store.ApplyAsync([Text("a", "1"), Text("b", "1")], CancellationToken.None)).ShouldBe(new Dictionary<string, int> { ["a"] = 1, ["b"] = 1 });
        (await store.ApplyAsync([Text("a", "1"), Text("b", "2")], CancellationToken.None)).ShouldBe(new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 });
        (await store.ApplyAsync([Text("a", "1"), Text("b", "1")], CancellationToken.None))["b"].ShouldBe(3);

        (await store.GetAsync("b", 2, CancellationToken.None)).Text.ShouldBe("text 2");
        (await Should.ThrowAsync<LedgerException>(() => store.GetAsync("b", 9, CancellationToken.None))).Kind.ShouldBe(LedgerErrorKind.Refused);
    }

    [Fact]
    public async Task A_pipeline_that_is_gone_is_marked_and_one_that_comes_back_is_a_new_version()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var store = await StoreAsync(database);
        await store.ApplyAsync([Text("a", "1"), Text("b", "1")], CancellationToken.None);
        await store.ApplyAsync([Text("b", "1")], CancellationToken.None);
        (await store.CurrentAsync(CancellationToken.None)).ShouldHaveSingleItem().Pipeline.ShouldBe("b");
        (await store.ApplyAsync([Text("a", "1"), Text("b", "1")], CancellationToken.None))["a"].ShouldBe(2);
        (await store.CurrentAsync(CancellationToken.None)).Select(row => (row.Pipeline, row.Version)).Order().ShouldBe([("a", 2), ("b", 1)]);
    }

    [Fact]
    public async Task A_pipeline_that_was_removed_while_its_source_was_silent_is_not_shown_as_failing()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var store = await StoreAsync(database);
        var schedules = new ScheduleStore(LedgerTestDatabase.ContextsOf(database), TimeProvider.System);
        await store.ApplyAsync([Text("a", "1"), Text("b", "1")], CancellationToken.None);
        foreach (var pipeline in new[] { "a", "b" })
        {
            await schedules.SaveAsync(new TableSchedule { Pipeline = pipeline, Table = "*", FailingSince = TestLedger.Day, Error = "silent" }, null, CancellationToken.None);
        }

        await store.ApplyAsync([Text("b", "2")], CancellationToken.None);
        (await schedules.FailingAsync(CancellationToken.None)).ShouldHaveSingleItem().Pipeline.ShouldBe("b");
    }

    private static async Task<DefinitionStore> StoreAsync(TestDatabase database)
    {
        await LedgerDatabase.MigrateAsync(database.DataSource, CancellationToken.None);
        return new DefinitionStore(LedgerTestDatabase.ContextsOf(database), TimeProvider.System);
    }

    private static DefinitionText Text(string pipeline, string hash) => new(pipeline, hash, $"text {hash}", "file.yaml");
}
