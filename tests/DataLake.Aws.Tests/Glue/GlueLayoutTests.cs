using System.Text.Json;
using System.Text.Json.Nodes;
using DataLake.Aws.Glue;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Tests.Metadata;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;

namespace DataLake.Aws.Tests.Glue;

/// <summary>What lies in Glue, beside what the contract says of every catalog.</summary>
public sealed class GlueLayoutTests(GlueLake fixture) : IClassFixture<GlueLake>
{
    private readonly GlueLake lake = fixture.OrSkip();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_lies_where_Icebergs_own_Glue_catalog_has_it()
    {
        var table = await CreateAsync(new TableIdentifier("layout", "orders"));
        Shown("layout", "orders").ShouldBe($$$"""
            {
              "Name": "orders",
              "StorageDescriptor": {
                "Location": "{{{table.Metadata.Location}}}",
                "Columns": [
                  {"Name": "id", "Type": "bigint", "Parameters": {"iceberg.field.id": "1", "iceberg.field.optional": "false", "iceberg.field.current": "true"}},
                  {"Name": "ts", "Type": "timestamp", "Comment": "when", "Parameters": {"iceberg.field.id": "2", "iceberg.field.optional": "true", "iceberg.field.current": "true"}},
                  {"Name": "region", "Type": "string", "Parameters": {"iceberg.field.id": "3", "iceberg.field.optional": "true", "iceberg.field.current": "true"}}
                ]
              },
              "TableType": "EXTERNAL_TABLE",
              "Parameters": {"table_type": "ICEBERG", "metadata_location": "{{{table.MetadataLocation}}}"}
            }
            """.Compact());
    }

    [Fact]
    public async Task A_commit_demands_the_version_it_read_archives_nothing_and_keeps_what_others_wrote()
    {
        var table = await CreateAsync(new TableIdentifier("layout", "kept"));
        var input = lake.Service.Table("layout", "kept");
        input["Owner"] = "somebody";
        input["Retention"] = 7;
        input["Description"] = "theirs";
        input["Parameters"]!["classification"] = "gold";
        lake.Service.Put("layout", "kept", input.ToJsonString());

        var next = await lake.Catalog.CommitTableAsync(table, [], [new TableUpdate.SetProperties(new Dictionary<string, string> { ["a"] = "1" })], Cancellation);

        var update = Sent("UpdateTable", "kept");
        (update.GetProperty("VersionId").GetString(), update.GetProperty("SkipArchive").GetBoolean()).ShouldBe(("1", true));
        var shown = lake.Service.Table("layout", "kept");
        shown["Parameters"]!.ToJsonString().ShouldBe($$"""{"table_type":"ICEBERG","metadata_location":"{{next.MetadataLocation}}","classification":"gold","previous_metadata_location":"{{table.MetadataLocation}}"}""");
        (shown["Owner"]!.GetValue<string>(), shown["Retention"]!.GetValue<int>(), shown["Description"]!.GetValue<string>()).ShouldBe(("somebody", 7, "theirs"));
    }

    [Fact]
    public async Task Columns_of_older_schemas_stay_marked_as_not_current()
    {
        var table = await CreateAsync(new TableIdentifier("layout", "evolved"));
        var schema = new Schema(StructType.Of(
            NestedField.Mandatory(1, "id", PrimitiveType.Long),
            NestedField.Optional(4, "region", PrimitiveType.Decimal(38, 9), "another column\nof the same name"),
            NestedField.Optional(5, "note", PrimitiveType.String, new string('x', 254) + "\U0001F600")));
        await lake.Catalog.CommitTableAsync(table, [], [new TableUpdate.AddSchema(schema), new TableUpdate.SetCurrentSchema(-1)], Cancellation);
        Columns("evolved").ShouldBe(["id bigint 1 true", "region decimal(38,9) 4 true another column of the same name", $"note string 5 true {new string('x', 254)}", "ts timestamp 2 false when"]);
    }

    public static TheoryData<IcebergType, string> Types => new()
    {
        { PrimitiveType.Boolean, "boolean" }, { PrimitiveType.Int, "int" }, { PrimitiveType.Long, "bigint" }, { PrimitiveType.Float, "float" }, { PrimitiveType.Double, "double" },
        { PrimitiveType.Date, "date" }, { PrimitiveType.Time, "string" }, { PrimitiveType.Timestamp, "timestamp" }, { PrimitiveType.Timestamptz, "timestamp" }, { PrimitiveType.String, "string" },
        { PrimitiveType.Uuid, "string" }, { PrimitiveType.Fixed(3), "binary" }, { PrimitiveType.Binary, "binary" }, { PrimitiveType.Decimal(10, 2), "decimal(10,2)" },
        { new ListType(1, PrimitiveType.Uuid, false), "array<string>" }, { new MapType(1, PrimitiveType.String, 2, PrimitiveType.Long, false), "map<string,bigint>" },
        { StructType.Of(NestedField.Optional(1, "a", PrimitiveType.Int), NestedField.Mandatory(2, "b", new ListType(3, PrimitiveType.Date, true))), "struct<a:int,b:array<date>>" },
    };

    [Theory]
    [MemberData(nameof(Types), DisableDiscoveryEnumeration = true)]
    public void Types_have_the_names_that_Icebergs_own_Glue_catalog_gives_them(IcebergType type, string name) => GlueColumns.TypeOf(type).ShouldBe(name);

    [Fact]
    public async Task The_tables_comment_is_its_description_and_follows_it()
    {
        var table = await CreateAsync(new TableIdentifier("layout", "described"));
        await lake.Catalog.CommitTableAsync(table, [], [new TableUpdate.SetProperties(new Dictionary<string, string> { ["comment"] = "all orders" + new string('.', 3000) })], Cancellation);
        lake.Service.Table("layout", "described")["Description"]!.GetValue<string>().ShouldBe("all orders" + new string('.', 2038));
    }

    [Theory]
    [InlineData("""{"TableType":"EXTERNAL_TABLE","Parameters":{"classification":"parquet"}}""")]
    [InlineData("""{"TableType":"VIRTUAL_VIEW"}""")]
    [InlineData("""{"Parameters":{"table_type":"DELTA","metadata_location":"file:///x"}}""")]
    public async Task A_table_of_another_format_is_left_alone(string input)
    {
        lake.Service.Put("foreign", "theirs", input);
        var identifier = new TableIdentifier("foreign", "theirs");
        (await lake.Catalog.ListTablesAsync("foreign", Cancellation)).ShouldBeEmpty();
        foreach (var call in (Func<Task>[])[() => lake.Catalog.LoadTableAsync(identifier, Cancellation), () => lake.Catalog.DropTableAsync(identifier, Cancellation)])
        {
            var error = await Should.ThrowAsync<IcebergException>(call);
            error.Kind.ShouldBe(IcebergErrorKind.Unsupported);
            error.Message.ShouldContain("not an Iceberg table");
        }

        (await Should.ThrowAsync<IcebergException>(() => CreateAsync(identifier))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        lake.Service.Table("foreign", "theirs").ShouldNotBeNull();
    }

    [Fact]
    public async Task An_Iceberg_table_without_a_pointer_is_told_apart_from_none()
    {
        lake.Service.Put("broken", "pointless", """{"Parameters":{"table_type":"iceberg"}}""");
        (await Should.ThrowAsync<IcebergException>(() => lake.Catalog.LoadTableAsync(new TableIdentifier("broken", "pointless"), Cancellation))).Kind.ShouldBe(IcebergErrorKind.Corrupt);
    }

    [Fact]
    public async Task Lists_of_many_pages_are_read_to_their_end()
    {
        foreach (var name in (string[])["e", "a", "d", "b", "c"]) lake.Service.Put("pages", name, """{"Parameters":{"table_type":"iceberg"}}""");
        foreach (var name in (string[])["pages_1", "pages_2", "pages_3"]) lake.Service.Put(name, "t", "{}");
        (await lake.Catalog.ListTablesAsync("pages", Cancellation)).Select(table => table.Name).ShouldBe(["a", "b", "c", "d", "e"]);
        (await lake.Catalog.ListNamespacesAsync(Cancellation)).Where(name => name.StartsWith("pages", StringComparison.Ordinal)).ShouldBe(["pages", "pages_1", "pages_2", "pages_3"]);
    }

    [Theory]
    [InlineData("Sales", "orders", "small letters")]
    [InlineData("sales", "Orders", "small letters")]
    [InlineData("sales", "", "1 to 255")]
    [InlineData("sales", "größe", "underscores")]
    [InlineData("sales-eu", "orders", "underscores")]
    [InlineData("sales", "a b", "underscores")]
    public async Task A_name_that_Glue_or_its_engines_cannot_say_is_refused_before_anything_is_asked(string database, string table, string advice)
    {
        var asked = lake.Aws.Calls.Count;
        var error = await Should.ThrowAsync<IcebergException>(() => CreateAsync(new TableIdentifier(database, table)));
        error.Kind.ShouldBe(IcebergErrorKind.Invalid);
        error.Message.ShouldContain(advice);
        lake.Aws.Calls.Count.ShouldBe(asked);
    }

    [Fact]
    public async Task A_table_that_another_program_named_less_plainly_is_found_but_not_under_capitals()
    {
        (await lake.Catalog.LoadTableAsync(new TableIdentifier("sales-eu", "a b"), Cancellation)).ShouldBeNull();
        var error = await Should.ThrowAsync<IcebergException>(() => lake.Catalog.LoadTableAsync(new TableIdentifier("sales", "Orders"), Cancellation));
        error.Kind.ShouldBe(IcebergErrorKind.Invalid);
        (await Should.ThrowAsync<IcebergException>(() => CreateAsync(new TableIdentifier(new string('x', 253), "t")))).Kind.ShouldBe(IcebergErrorKind.Invalid);
    }

    [Fact]
    public async Task The_account_of_the_catalog_is_said_in_every_call()
    {
        using var catalog = lake.Open(lake.Aws.Options, "210987654321");
        var before = lake.Aws.Calls.Count;
        var table = await CreateAsync(new TableIdentifier("account", "orders"), catalog);
        await catalog.CommitTableAsync(table, [], [], Cancellation);
        await catalog.ListNamespacesAsync(Cancellation);
        await catalog.ListTablesAsync("account", Cancellation);
        await catalog.DropTableAsync(table.Identifier, Cancellation);
        var calls = lake.Aws.Calls.Skip(before).ToList();
        calls.Select(call => call.Operation).Distinct().Order().ShouldBe(["CreateDatabase", "CreateTable", "DeleteTable", "GetDatabases", "GetTable", "GetTables", "UpdateTable"]);
        calls.ShouldAllBe(call => call.Input.GetProperty("CatalogId").GetString() == "210987654321");
    }

    private Task<CatalogTable> CreateAsync(TableIdentifier identifier, GlueCatalog? catalog = null) => (catalog ?? lake.Catalog).CreateTableAsync(
        identifier, TableMetadataUpdates.Creation(Guid.NewGuid(), lake.Files.LocationOf($"conformed/{identifier.Namespace}/{identifier.Name}"), TableCases.Events), Cancellation);

    private string Shown(string database, string table) => lake.Service.Table(database, table).ToJsonString().Compact();

    private JsonElement Sent(string operation, string table) => lake.Aws.Calls.Last(call => call.Operation == operation && call.Input.GetProperty("TableInput").GetProperty("Name").GetString() == table).Input;

    private IEnumerable<string> Columns(string table) => lake.Service.Table("layout", table)["StorageDescriptor"]!["Columns"]!.AsArray().Select(column =>
        $"{column!["Name"]} {column["Type"]} {column["Parameters"]!["iceberg.field.id"]} {column["Parameters"]!["iceberg.field.current"]} {column["Comment"]}".TrimEnd());
}

internal static class CompactJson
{
    /// <summary>JSON without insignificant blanks, and with members in order.</summary>
    public static string Compact(this string json) => Sorted(JsonNode.Parse(json))!.ToJsonString();

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject item => new JsonObject(item.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
