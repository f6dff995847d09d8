using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Tests.Metadata;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Tests.Catalogs;

/// <summary>What only the ledger's SQL catalog has: its layout, and names of any kind.</summary>
public sealed class SqlCatalogTests(CatalogFixture lake) : CatalogContract<CatalogFixture>(lake), IClassFixture<CatalogFixture>
{
    [Fact]
    public async Task The_pointer_lies_where_the_layout_of_the_JDBC_catalog_has_it()
    {
        var table = await CreateAsync(new TableIdentifier("layout", "orders"));
        var next = await Lake.Catalog.CommitTableAsync(table, [], [Property("a", "1")], Cancellation);
        await using var command = Lake.Database.DataSource.CreateCommand(
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
        (await Lake.Catalog.ListNamespacesAsync(Cancellation)).ShouldContain(identifier.Namespace);
        (await Lake.Catalog.ListTablesAsync(identifier.Namespace, Cancellation)).ShouldBe([identifier]);
        (await Lake.Catalog.LoadTableAsync(identifier, Cancellation)).ShouldNotBeNull();
        (await Lake.Catalog.DropTableAsync(identifier, Cancellation)).ShouldBeTrue();
        (await Lake.Catalog.DropTableAsync(identifier, Cancellation)).ShouldBeFalse();
        (await Lake.Catalog.LoadTableAsync(identifier, Cancellation)).ShouldBeNull();
        (await Lake.Catalog.ListNamespacesAsync(Cancellation)).ShouldContain(identifier.Namespace);
    }

    [Fact]
    public async Task A_namespace_that_is_not_there_has_no_tables() => (await Lake.Catalog.ListTablesAsync("nowhere", Cancellation)).ShouldBeEmpty();

    [Fact]
    public async Task Metadata_files_that_the_log_forgets_go_with_the_commit_only_if_the_table_says_so()
    {
        var table = await CreateAsync(new TableIdentifier("forgets", "orders"));
        table = await Lake.Catalog.CommitTableAsync(table, [], [Property(TableMetadataUpdates.PreviousVersionsMax, "2")], Cancellation);
        for (var i = 0; i < 4; i++) table = await Lake.Catalog.CommitTableAsync(table, [], [Property("a", $"{i}")], Cancellation);
        MetadataFilesOf(table.Identifier).Count().ShouldBe(6);

        // The file that falls off the log goes; those that fell off before are orphans.
        var forgotten = table.Metadata.MetadataLog[0].MetadataFile;
        table = await Lake.Catalog.CommitTableAsync(table, [], [Property(MetadataFiles.DeleteAfterCommitProperty, "true")], Cancellation);
        MetadataFilesOf(table.Identifier).ShouldNotContain(forgotten);
        MetadataFilesOf(table.Identifier).Count().ShouldBe(6);
        foreach (var entry in table.Metadata.MetadataLog) MetadataFilesOf(table.Identifier).ShouldContain(entry.MetadataFile);
    }

    [Fact]
    public async Task A_forgotten_metadata_file_of_another_folder_or_one_that_cannot_be_removed_fails_no_commit()
    {
        var table = await CreateAsync(new TableIdentifier("keeps", "orders"));
        var elsewhere = Lake.Files.LocationOf("conformed/other/metadata/00000-x.metadata.json");
        await Lake.Files.WriteAllAsync(elsewhere, new byte[1], Cancellation);
        var log = new[] { elsewhere, "s3://bucket/x.metadata.json", $"{table.Metadata.Location}/metadata/gone.metadata.json" }.Select(file => new MetadataLogEntry(1, file)).ToList();
        table = table with { Metadata = table.Metadata with { MetadataLog = log } };
        var outcome = await Lake.Catalog.CommitTableAsync(
            table, [], [Property(TableMetadataUpdates.PreviousVersionsMax, "1"), Property(MetadataFiles.DeleteAfterCommitProperty, "TRUE")], Cancellation);
        outcome.Metadata.MetadataLog.Count.ShouldBe(1);
        Lake.Lake.Exists(Lake.Files.PathOf(elsewhere)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_view_of_another_program_is_no_table()
    {
        await Lake.Database.ExecuteAsync("INSERT INTO iceberg.iceberg_tables VALUES ('lake', 'views', 'v', 'file:///nowhere', NULL, 'VIEW')", Cancellation);
        (await Lake.Catalog.ListTablesAsync("views", Cancellation)).ShouldBeEmpty();
        (await Lake.Catalog.LoadTableAsync(new TableIdentifier("views", "v"), Cancellation)).ShouldBeNull();
    }

    [Fact]
    public async Task A_name_too_long_for_the_layout_is_refused_in_words()
    {
        var identifier = new TableIdentifier("long", new string('x', 256));
        var error = await Should.ThrowAsync<IcebergException>(() => Lake.Catalog.CreateTableAsync(
            identifier, TableMetadataUpdates.Creation(Guid.NewGuid(), Lake.Files.LocationOf("conformed/long/x"), TableCases.Events), Cancellation));
        error.Kind.ShouldBe(IcebergErrorKind.Invalid);
        error.Message.ShouldContain("255");
        Lake.Files.List(Lake.Files.LocationOf("conformed/long")).ShouldBeEmpty();
    }
}
