using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Tests.Metadata;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Tests.Catalogs;

/// <summary>What every catalog does alike.</summary>
public abstract class CatalogContract<TLake>(TLake lake)
    where TLake : ILake
{
    protected TLake Lake => lake;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_created_table_is_loaded_as_it_was_made()
    {
        var created = await CreateAsync(new TableIdentifier("sales", "orders"));
        var loaded = (await lake.Catalog.LoadTableAsync(created.Identifier, Cancellation))!;
        loaded.MetadataLocation.ShouldBe(created.MetadataLocation);
        TableCases.JsonOf(loaded.Metadata).ShouldBe(TableCases.JsonOf(created.Metadata));
        loaded.MetadataLocation.ShouldStartWith($"{loaded.Metadata.Location}/metadata/00000-");
    }

    [Fact]
    public async Task Names_are_listed_until_they_are_dropped()
    {
        var second = await CreateAsync(new TableIdentifier("names", "second"));
        var first = await CreateAsync(new TableIdentifier("names", "first"));
        (await lake.Catalog.ListNamespacesAsync(Cancellation)).ShouldContain("names");
        (await lake.Catalog.ListTablesAsync("names", Cancellation)).ShouldBe([first.Identifier, second.Identifier]);
        (await lake.Catalog.ListTablesAsync("nowhere", Cancellation)).ShouldBeEmpty();
        (await lake.Catalog.DropTableAsync(first.Identifier, Cancellation)).ShouldBeTrue();
        (await lake.Catalog.DropTableAsync(first.Identifier, Cancellation)).ShouldBeFalse();
        (await lake.Catalog.LoadTableAsync(first.Identifier, Cancellation)).ShouldBeNull();
        (await lake.Catalog.ListTablesAsync("names", Cancellation)).ShouldBe([second.Identifier]);
        MetadataFilesOf(first.Identifier).ShouldBe([first.MetadataLocation], "the files stay");
    }

    [Fact]
    public async Task Of_two_creations_of_one_name_one_wins_and_the_other_leaves_no_file()
    {
        var identifier = new TableIdentifier("twice", "orders");
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            try
            {
                return (await CreateAsync(identifier)).MetadataLocation;
            }
            catch (IcebergException error) when (error.Kind == IcebergErrorKind.CommitConflict)
            {
                return null;
            }
        }));
        var winner = results.Single(location => location is not null);
        (await lake.Catalog.LoadTableAsync(identifier, Cancellation))!.MetadataLocation.ShouldBe(winner);
        MetadataFilesOf(identifier).ShouldBe([winner]);
    }

    [Fact]
    public async Task Of_two_writers_one_commits_and_the_other_is_told_to_begin_anew()
    {
        var table = await CreateAsync(new TableIdentifier("race", "orders"));
        var winner = await lake.Catalog.CommitTableAsync(table, [], [Property("by", "first")], Cancellation);
        var error = await Should.ThrowAsync<IcebergException>(() => lake.Catalog.CommitTableAsync(table, [], [Property("by", "second")], Cancellation));
        (error.Kind, error.CanRetry).ShouldBe((IcebergErrorKind.CommitConflict, true));
        var loaded = (await lake.Catalog.LoadTableAsync(table.Identifier, Cancellation))!;
        loaded.Metadata.Properties["by"].ShouldBe("first");
        MetadataFilesOf(table.Identifier).ShouldBe([table.MetadataLocation, winner.MetadataLocation], ignoreOrder: true);
    }

    [Fact]
    public async Task A_requirement_that_is_not_met_writes_nothing()
    {
        var table = await CreateAsync(new TableIdentifier("required", "orders"));
        var error = await Should.ThrowAsync<IcebergException>(() => lake.Catalog.CommitTableAsync(table, [new TableRequirement.AssertRefSnapshotId("main", 7)], [Property("a", "b")], Cancellation));
        error.Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        MetadataFilesOf(table.Identifier).ShouldBe([table.MetadataLocation]);
    }

    [Fact]
    public async Task A_commit_to_a_dropped_table_says_that_it_is_gone()
    {
        var table = await CreateAsync(new TableIdentifier("dropped", "orders"));
        await lake.Catalog.DropTableAsync(table.Identifier, Cancellation);
        (await Should.ThrowAsync<IcebergException>(() => lake.Catalog.CommitTableAsync(table, [], [Property("a", "b")], Cancellation))).Kind.ShouldBe(IcebergErrorKind.NotFound);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_lost_in_a_commit_leaves_the_outcome_unknown_and_loading_tells_it(bool isDone)
    {
        var table = await CreateAsync(new TableIdentifier("lost", isDone ? "answer" : "request"));
        await using var way = lake.OpenLossy();
        var catalog = way.Catalog;
        (await catalog.LoadTableAsync(table.Identifier, Cancellation)).ShouldNotBeNull();
        way.LoseNext(isDone ? Loss.Answer : Loss.Request);

        var error = await Should.ThrowAsync<IcebergException>(() => catalog.CommitTableAsync(table, [], [Property("committed", "yes")], Cancellation));

        (error.Kind, error.CanRetry).ShouldBe((IcebergErrorKind.UnknownOutcome, false));
        var loaded = (await catalog.LoadTableAsync(table.Identifier, Cancellation))!;
        loaded.Metadata.Properties.ContainsKey("committed").ShouldBe(isDone);

        // The file that the lost swap may point to is there either way.
        lake.Files.List(table.Metadata.Location).Count().ShouldBe(2);
    }

    protected static TableUpdate.SetProperties Property(string key, string value) => new(new Dictionary<string, string> { [key] = value });

    protected string LocationOf(TableIdentifier identifier) =>
        lake.Files.LocationOf($"conformed/{Storage.LakePath.Segment(identifier.Namespace)}/{Storage.LakePath.Segment(identifier.Name)}");

    protected IEnumerable<string> MetadataFilesOf(TableIdentifier identifier) => lake.Files.List(LocationOf(identifier)).Select(file => file.Location);

    protected Task<CatalogTable> CreateAsync(TableIdentifier identifier) =>
        lake.Catalog.CreateTableAsync(identifier, TableMetadataUpdates.Creation(Guid.NewGuid(), LocationOf(identifier), TableCases.Events), Cancellation);
}
