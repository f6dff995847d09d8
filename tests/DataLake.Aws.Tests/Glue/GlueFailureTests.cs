using DataLake.Aws.Tests.Services;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Tests.Metadata;
using DataLake.Iceberg.Updates;

namespace DataLake.Aws.Tests.Glue;

/// <summary>What the catalog makes of a service that fails, refuses or is silent.</summary>
public sealed class GlueFailureTests(GlueLake fixture) : IClassFixture<GlueLake>
{
    private static readonly TableUpdate[] Update = [new TableUpdate.SetProperties(new Dictionary<string, string> { ["committed"] = "yes" })];

    private readonly GlueLake lake = fixture.OrSkip();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, int, string, bool> Open => new()
    {
        { "internal_before", 500, "InternalServiceException", false }, { "internal_after", 500, "InternalServiceException", true },
        { "gateway_after", 504, "", true }, { "unavailable", 503, "ThrottlingException", false },
        { "time_after", 400, "OperationTimeoutException", true }, { "proxy", 403, "", false },
    };

    [Theory]
    [MemberData(nameof(Open))]
    public async Task An_answer_that_leaves_open_whether_the_commit_was_made_is_an_unknown_outcome_and_the_commit_is_sent_once(string name, int status, string code, bool isDone)
    {
        var table = await CreateAsync(name);
        lake.Aws.Next("UpdateTable", code.Length > 0 ? Trouble.Fail(status, code, isDone: isDone) : Trouble.Say(status, "<html>no</html>", isDone));
        var error = await CommitFailsAsync(table);
        (error.Kind, error.CanRetry).ShouldBe((IcebergErrorKind.UnknownOutcome, false));
        error.Message.ShouldContain("Look before anything is repeated");
        Calls("UpdateTable", name).ShouldBe(1);
        FilesOf(table).ShouldBe(2, "the file that Glue may point to stays");
        (await LoadAsync(table)).Metadata.Properties.ContainsKey("committed").ShouldBe(isDone);
    }

    [Fact]
    public async Task A_success_that_is_not_an_answer_of_AWS_is_an_unknown_outcome_too()
    {
        var table = await CreateAsync("portal");
        lake.Aws.Next("UpdateTable", Trouble.Say(200, "<html>Please log in</html>"));
        (await CommitFailsAsync(table)).Kind.ShouldBe(IcebergErrorKind.UnknownOutcome);
        FilesOf(table).ShouldBe(2);
    }

    public static TheoryData<string, int, string, IcebergErrorKind, string> Refusals => new()
    {
        { "conflict", 400, "ConcurrentModificationException", IcebergErrorKind.CommitConflict, "repeat the operation" },
        { "mismatch", 400, "VersionMismatchException", IcebergErrorKind.CommitConflict, "repeat the operation" },
        { "gone", 400, "EntityNotFoundException", IcebergErrorKind.NotFound, "Check the names" },
        { "throttled", 400, "ThrottlingException", IcebergErrorKind.Unavailable, "Try again later" },
        { "moving", 400, "ResourceNotReadyException", IcebergErrorKind.Unavailable, "Try again later" },
        { "denied", 400, "AccessDeniedException", IcebergErrorKind.Denied, "Allow glue:UpdateTable" },
        { "expired", 400, "ExpiredTokenException", IcebergErrorKind.Denied, "renew" },
        { "invalid", 400, "InvalidInputException", IcebergErrorKind.Invalid, "Correct the request" },
        { "quota", 400, "ResourceNumberLimitExceededException", IcebergErrorKind.LimitExceeded, "quota" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_commit_that_is_refused_says_what_to_do_and_leaves_no_file_and_is_sent_once(string name, int status, string code, IcebergErrorKind kind, string advice)
    {
        var table = await CreateAsync(name);
        lake.Aws.Next("UpdateTable", Trouble.Fail(status, code, "because it is Monday"));
        var error = await CommitFailsAsync(table);
        error.Kind.ShouldBe(kind);
        error.Message.ShouldContain($"{code}: because it is Monday. ");
        error.Message.ShouldContain(advice);
        Calls("UpdateTable", name).ShouldBe(1);
        FilesOf(table).ShouldBe(1);
        await lake.Catalog.CommitTableAsync(table, [], Update, Cancellation);
    }

    [Fact]
    public async Task A_conflict_with_itself_is_a_commit()
    {
        var table = await CreateAsync("itself");
        lake.Aws.Next("UpdateTable", Trouble.Fail(400, "ConcurrentModificationException", isDone: true));
        var next = await lake.Catalog.CommitTableAsync(table, [], Update, Cancellation);
        (await LoadAsync(table)).MetadataLocation.ShouldBe(next.MetadataLocation);

        lake.Aws.Next("CreateTable", Trouble.Fail(400, "AlreadyExistsException", isDone: true));
        var created = await CreateAsync("itself_created");
        (await LoadAsync(created)).MetadataLocation.ShouldBe(created.MetadataLocation);
    }

    [Fact]
    public async Task A_conflict_with_itself_that_another_commit_followed_is_a_commit_too()
    {
        var table = await CreateAsync("followed");
        CatalogTable? following = null;
        lake.Aws.Next("UpdateTable", new Trouble(true, async context =>
        {
            following = await lake.Catalog.CommitTableAsync(await LoadAsync(table), [], [new TableUpdate.SetProperties(new Dictionary<string, string> { ["after"] = "it" })], Cancellation);
            await Trouble.Fail(400, "ConcurrentModificationException").Answer!(context);
        }));
        var next = await lake.Catalog.CommitTableAsync(table, [], Update, Cancellation);
        var loaded = await LoadAsync(table);
        loaded.MetadataLocation.ShouldBe(following!.MetadataLocation);
        loaded.Metadata.MetadataLog.Select(entry => entry.MetadataFile).ShouldBe([table.MetadataLocation, next.MetadataLocation]);
        (loaded.Metadata.Properties["committed"], FilesOf(table)).ShouldBe(("yes", 3));
    }

    [Fact]
    public async Task A_conflict_that_cannot_be_looked_into_is_unknown()
    {
        var table = await CreateAsync("veiled");
        lake.Aws.Next("UpdateTable", new Trouble(true, async context =>
        {
            lake.Aws.Next("GetTable", Trouble.Fail(400, "AccessDeniedException"));
            await Trouble.Fail(400, "ConcurrentModificationException").Answer!(context);
        }));
        (await CommitFailsAsync(table)).Kind.ShouldBe(IcebergErrorKind.UnknownOutcome);
        (await LoadAsync(table)).Metadata.Properties["committed"].ShouldBe("yes");
    }

    [Fact]
    public async Task A_change_of_the_table_between_reading_its_version_and_the_commit_refuses_the_commit()
    {
        var table = await CreateAsync("between");
        using var catalog = lake.Open(lake.Aws.Options);
        lake.Aws.Next("GetTable", new Trouble(true, async context =>
        {
            // The version is read, and then statistics are written by somebody else: the pointer is still the same.
            var read = lake.Service.Answer("GetTable", System.Text.Json.JsonSerializer.SerializeToElement(new { DatabaseName = "failures", Name = "between" }));
            lake.Service.Put("failures", "between", lake.Service.Table("failures", "between").ToJsonString());
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, read.Body.ToJsonString());
        }));
        var error = await Should.ThrowAsync<IcebergException>(() => catalog.CommitTableAsync(table, [], Update, Cancellation));
        error.Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        FilesOf(table).ShouldBe(1);
        (await catalog.CommitTableAsync(table, [], Update, Cancellation)).Metadata.Properties["committed"].ShouldBe("yes");
    }

    [Fact]
    public async Task Without_versions_nothing_is_committed()
    {
        var table = await CreateAsync("versionless");
        lake.Service.GivesVersions = false;
        try
        {
            (await CommitFailsAsync(table)).Kind.ShouldBe(IcebergErrorKind.Unsupported);
        }
        finally
        {
            lake.Service.GivesVersions = true;
        }

        (Calls("UpdateTable", "versionless"), FilesOf(table)).ShouldBe((0, 1));
    }

    [Fact]
    public async Task A_creation_whose_answer_is_lost_is_found_by_loading()
    {
        // The database is there: a lost CreateTable is the one that would have made the table.
        lake.Service.Put("failures", "other", "{}");
        lake.Aws.Next("CreateTable", Trouble.Cut(isDone: true));
        var error = await Should.ThrowAsync<IcebergException>(() => CreateAsync("created"));
        error.Kind.ShouldBe(IcebergErrorKind.UnknownOutcome);
        var loaded = (await lake.Catalog.LoadTableAsync(new TableIdentifier("failures", "created"), Cancellation)).ShouldNotBeNull();
        error.Message.ShouldContain(loaded.MetadataLocation);
    }

    [Fact]
    public async Task Two_creators_of_a_database_do_not_meet()
    {
        lake.Aws.Next("CreateDatabase", Trouble.Fail(400, "AlreadyExistsException", isDone: true));
        var table = await lake.Catalog.CreateTableAsync(
            new TableIdentifier("both", "orders"), TableMetadataUpdates.Creation(Guid.NewGuid(), lake.Files.LocationOf("conformed/both/orders"), TableCases.Events), Cancellation);
        (await LoadAsync(table)).MetadataLocation.ShouldBe(table.MetadataLocation);
    }

    [Fact]
    public async Task A_database_that_may_not_be_made_leaves_no_file()
    {
        lake.Aws.Next("CreateDatabase", Trouble.Fail(400, "AccessDeniedException", "Insufficient Lake Formation permission(s): Required Create Database on Catalog"));
        var error = await Should.ThrowAsync<IcebergException>(() => lake.Catalog.CreateTableAsync(
            new TableIdentifier("forbidden", "orders"), TableMetadataUpdates.Creation(Guid.NewGuid(), lake.Files.LocationOf("conformed/forbidden/orders"), TableCases.Events), Cancellation));
        error.Kind.ShouldBe(IcebergErrorKind.Denied);
        error.Message.ShouldContain("Insufficient Lake Formation permission(s): Required Create Database on Catalog. Allow glue:CreateDatabase to the role that runs this; where Lake Formation");
        lake.Files.List(lake.Files.LocationOf("conformed/forbidden")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_drop_whose_answer_is_lost_is_unknown_and_is_sent_once()
    {
        var table = await CreateAsync("dropped");
        lake.Aws.Next("DeleteTable", Trouble.Cut(isDone: true));
        (await Should.ThrowAsync<IcebergException>(() => lake.Catalog.DropTableAsync(table.Identifier, Cancellation))).Kind.ShouldBe(IcebergErrorKind.UnknownOutcome);
        lake.Aws.Calls.Count(call => call.Operation == "DeleteTable" && call.Input.GetProperty("Name").GetString() == "dropped").ShouldBe(1);
        (await lake.Catalog.DropTableAsync(table.Identifier, Cancellation)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_read_in_trouble_is_repeated_and_a_refused_one_is_not()
    {
        var table = await CreateAsync("read");
        lake.Aws.Next("GetTable", Trouble.Fail(400, "ThrottlingException"), Trouble.Fail(500, "InternalServiceException"), Trouble.Cut(isDone: false));
        (await LoadAsync(table)).MetadataLocation.ShouldBe(table.MetadataLocation);

        lake.Aws.Next("GetTable", Trouble.Fail(400, "AccessDeniedException", "Insufficient Lake Formation permission(s): Required Describe on read"));
        var before = lake.Aws.Calls.Count;
        var error = await Should.ThrowAsync<IcebergException>(() => LoadAsync(table));
        (error.Kind, lake.Aws.Calls.Count).ShouldBe((IcebergErrorKind.Denied, before + 1));

        lake.Aws.Next("GetTable", [.. Enumerable.Repeat(Trouble.Fail(503, "ServiceUnavailable"), 4)]);
        error = await Should.ThrowAsync<IcebergException>(() => LoadAsync(table));
        (error.Kind, error.CanRetry).ShouldBe((IcebergErrorKind.Unavailable, true));
        (await LoadAsync(table)).MetadataLocation.ShouldBe(table.MetadataLocation);
    }

    [Fact]
    public async Task A_list_without_an_end_is_given_up()
    {
        lake.Service.RepeatsToken = true;
        try
        {
            var error = await Should.ThrowAsync<IcebergException>(() => lake.Catalog.ListNamespacesAsync(Cancellation));
            error.Kind.ShouldBe(IcebergErrorKind.Corrupt);
            error.Message.ShouldContain("same page token twice");
        }
        finally
        {
            lake.Service.RepeatsToken = false;
        }
    }

    private Task<CatalogTable> CreateAsync(string name) => lake.Catalog.CreateTableAsync(
        new TableIdentifier("failures", name), TableMetadataUpdates.Creation(Guid.NewGuid(), lake.Files.LocationOf($"conformed/failures/{name}"), TableCases.Events), Cancellation);

    private async Task<CatalogTable> LoadAsync(CatalogTable table) => (await lake.Catalog.LoadTableAsync(table.Identifier, Cancellation)).ShouldNotBeNull();

    private Task<IcebergException> CommitFailsAsync(CatalogTable table) => Should.ThrowAsync<IcebergException>(() => lake.Catalog.CommitTableAsync(table, [], Update, Cancellation));

    private int Calls(string operation, string table) => lake.Aws.Calls.Count(call => call.Operation == operation && call.Input.GetProperty("TableInput").GetProperty("Name").GetString() == table);

    private int FilesOf(CatalogTable table) => lake.Files.List(table.Metadata.Location).Count();
}
