using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Tests.Metadata;
using DataLake.Iceberg.Updates;
using Npgsql;

namespace DataLake.Iceberg.Tests.Catalogs;

public sealed class SqlCatalogTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

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
    public async Task The_pointer_lies_where_the_layout_of_the_JDBC_catalog_has_it()
    {
        var table = await CreateAsync(new TableIdentifier("layout", "orders"));
        var next = await lake.Catalog.CommitTableAsync(table, [], [Property("a", "1")], Cancellation);
        await using var command = lake.Database.DataSource.CreateCommand(
            """
            SET search_path = iceberg;
            SELECT metadata_location, previous_metadata_location, iceberg_type FROM iceberg_tables WHERE catalog_name = 'lake' AND table_namespace = 'layout' AND table_name = 'orders'
            """);
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        (await reader.ReadAsync(Cancellation)).ShouldBeTrue();
        (reader.GetString(0), reader.GetString(1), reader.GetString(2)).ShouldBe((next.MetadataLocation, table.MetadataLocation, "TABLE"));
        next.MetadataLocation.ShouldContain("/metadata/00001-");
        next.Metadata.MetadataLog.Single().MetadataFile.ShouldBe(table.MetadataLocation);
    }

    [Fact]
    public async Task Names_with_quotes_and_Unicode_are_names_like_others()
    {
        var identifier = new TableIdentifier("it's \"quoted\"; --", "größe.\U0001F600'");
        await CreateAsync(identifier);
        (await lake.Catalog.ListNamespacesAsync(Cancellation)).ShouldContain(identifier.Namespace);
        (await lake.Catalog.ListTablesAsync(identifier.Namespace, Cancellation)).ShouldBe([identifier]);
        (await lake.Catalog.LoadTableAsync(identifier, Cancellation)).ShouldNotBeNull();
        (await lake.Catalog.DropTableAsync(identifier, Cancellation)).ShouldBeTrue();
        (await lake.Catalog.DropTableAsync(identifier, Cancellation)).ShouldBeFalse();
        (await lake.Catalog.LoadTableAsync(identifier, Cancellation)).ShouldBeNull();
        (await lake.Catalog.ListNamespacesAsync(Cancellation)).ShouldContain(identifier.Namespace);
    }

    [Fact]
    public async Task A_namespace_that_is_not_there_has_no_tables() => (await lake.Catalog.ListTablesAsync("nowhere", Cancellation)).ShouldBeEmpty();

    [Fact]
    public async Task Metadata_files_that_the_log_forgets_go_with_the_commit_only_if_the_table_says_so()
    {
        var table = await CreateAsync(new TableIdentifier("forgets", "orders"));
        table = await lake.Catalog.CommitTableAsync(table, [], [Property(TableMetadataUpdates.PreviousVersionsMax, "2")], Cancellation);
        for (var i = 0; i < 4; i++) table = await lake.Catalog.CommitTableAsync(table, [], [Property("a", $"{i}")], Cancellation);
        MetadataFilesOf(table.Identifier).Count().ShouldBe(6);

        // The file that falls off the log goes; those that fell off before are orphans.
        var forgotten = table.Metadata.MetadataLog[0].MetadataFile;
        table = await lake.Catalog.CommitTableAsync(table, [], [Property(MetadataFiles.DeleteAfterCommitProperty, "true")], Cancellation);
        MetadataFilesOf(table.Identifier).ShouldNotContain(forgotten);
        MetadataFilesOf(table.Identifier).Count().ShouldBe(6);
        foreach (var entry in table.Metadata.MetadataLog) MetadataFilesOf(table.Identifier).ShouldContain(entry.MetadataFile);
    }

    [Fact]
    public async Task A_forgotten_metadata_file_of_another_folder_or_one_that_cannot_be_removed_fails_no_commit()
    {
        var table = await CreateAsync(new TableIdentifier("keeps", "orders"));
        var elsewhere = lake.Files.LocationOf("conformed/other/metadata/00000-x.metadata.json");
        await lake.Files.WriteAllAsync(elsewhere, new byte[1], Cancellation);
        var log = new[] { elsewhere, "s3://bucket/x.metadata.json", $"{table.Metadata.Location}/metadata/gone.metadata.json" }.Select(file => new MetadataLogEntry(1, file)).ToList();
        table = table with { Metadata = table.Metadata with { MetadataLog = log } };
        var outcome = await lake.Catalog.CommitTableAsync(
            table, [], [Property(TableMetadataUpdates.PreviousVersionsMax, "1"), Property(MetadataFiles.DeleteAfterCommitProperty, "TRUE")], Cancellation);
        outcome.Metadata.MetadataLog.Count.ShouldBe(1);
        lake.Lake.Exists(lake.Files.PathOf(elsewhere)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_view_of_another_program_is_no_table()
    {
        await lake.Database.ExecuteAsync("INSERT INTO iceberg.iceberg_tables VALUES ('lake', 'views', 'v', 'file:///nowhere', NULL, 'VIEW')", Cancellation);
        (await lake.Catalog.ListTablesAsync("views", Cancellation)).ShouldBeEmpty();
        (await lake.Catalog.LoadTableAsync(new TableIdentifier("views", "v"), Cancellation)).ShouldBeNull();
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
        await using var way = new LossyConnection(lake.Database.ConnectionString);
        await using var source = NpgsqlDataSource.Create(way.ConnectionString);
        var catalog = lake.Open(source);
        (await catalog.LoadTableAsync(table.Identifier, Cancellation)).ShouldNotBeNull();
        way.Next = isDone ? Loss.Answer : Loss.Request;

        var error = await Should.ThrowAsync<IcebergException>(() => catalog.CommitTableAsync(table, [], [Property("committed", "yes")], Cancellation));

        (error.Kind, error.CanRetry).ShouldBe((IcebergErrorKind.UnknownOutcome, false));
        var loaded = (await catalog.LoadTableAsync(table.Identifier, Cancellation))!;
        loaded.Metadata.Properties.ContainsKey("committed").ShouldBe(isDone);

        // The file that the lost swap may point to is there either way.
        lake.Files.List(table.Metadata.Location).Count().ShouldBe(2);
    }

    [Fact]
    public async Task A_name_too_long_for_the_layout_is_refused_in_words()
    {
        var identifier = new TableIdentifier("long", new string('x', 256));
        var error = await Should.ThrowAsync<IcebergException>(() => lake.Catalog.CreateTableAsync(
            identifier, TableMetadataUpdates.Creation(Guid.NewGuid(), lake.Files.LocationOf("conformed/long/x"), TableCases.Events), Cancellation));
        error.Kind.ShouldBe(IcebergErrorKind.Invalid);
        error.Message.ShouldContain("255");
        lake.Files.List(lake.Files.LocationOf("conformed/long")).ShouldBeEmpty();
    }

    private static TableUpdate.SetProperties Property(string key, string value) => new(new Dictionary<string, string> { [key] = value });

    private string LocationOf(TableIdentifier identifier) =>
        lake.Files.LocationOf($"conformed/{Storage.LakePath.Segment(identifier.Namespace)}/{Storage.LakePath.Segment(identifier.Name)}");

    private IEnumerable<string> MetadataFilesOf(TableIdentifier identifier) => lake.Files.List(LocationOf(identifier)).Select(file => file.Location);

    private Task<CatalogTable> CreateAsync(TableIdentifier identifier) =>
        lake.Catalog.CreateTableAsync(identifier, TableMetadataUpdates.Creation(Guid.NewGuid(), LocationOf(identifier), TableCases.Events), Cancellation);
}
