using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DataLake.Aws.Tests.Services;

namespace DataLake.Aws.Tests.Glue;

/// <summary>What Glue does with databases and tables, as far as its documentation says: names in small letters, pages of two, a version that each update counts up and may demand.</summary>
internal sealed class GlueService
{
    private const int PageSize = 2;
    private const string Account = "123456789012";

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, SortedDictionary<string, Entry>> databases = new(StringComparer.Ordinal);

    /// <summary>Whether tables are given with their versions, as the service gives them.</summary>
    public bool GivesVersions { get; set; } = true;

    /// <summary>Whether every page promises another one under the same token.</summary>
    public bool RepeatsToken { get; set; }

    /// <summary>Puts a table there that somebody else made.</summary>
    public void Put(string database, string table, string input)
    {
        lock (gate)
        {
            databases.TryAdd(database, new SortedDictionary<string, Entry>(StringComparer.Ordinal));
            var json = JsonNode.Parse(input)!.AsObject();
            json["Name"] = table;
            databases[database][table] = new Entry(json, (databases[database].GetValueOrDefault(table)?.Version ?? -1) + 1);
        }
    }

    /// <summary>A table as it is, without its version.</summary>
    public JsonObject Table(string database, string table)
    {
        lock (gate) return databases[database][table].Input.DeepClone().AsObject();
    }

    public AwsAnswer Answer(string operation, JsonElement input)
    {
        lock (gate)
        {
            return operation switch
            {
                "GetDatabases" => Page("DatabaseList", input, databases.Keys.Select(name => new JsonObject { ["Name"] = name, ["CatalogId"] = Account, ["CreateTime"] = 1.7e9 })),
                "CreateDatabase" => CreateDatabase(Name(input.GetProperty("DatabaseInput"), "Name")),
                "GetTables" => Tables(input) is { } tables ? Page("TableList", input, tables.Values.Select(entry => Shown(input, entry))) : Missing("Database"),
                "GetTable" => Tables(input)?.GetValueOrDefault(Name(input, "Name")) is { } entry ? AwsAnswer.Ok(new JsonObject { ["Table"] = Shown(input, entry) }) : Missing("Table"),
                "CreateTable" => CreateTable(input),
                "UpdateTable" => UpdateTable(input),
                "DeleteTable" => Tables(input)?.Remove(Name(input, "Name")) == true ? AwsAnswer.Ok() : Missing("Table"),
                _ => throw new NotSupportedException(operation),
            };
        }
    }

    private AwsAnswer CreateDatabase(string name) => databases.TryAdd(name, new SortedDictionary<string, Entry>(StringComparer.Ordinal)) ? AwsAnswer.Ok() : AwsAnswer.Error("AlreadyExistsException", "Database already exists.");

    private AwsAnswer CreateTable(JsonElement input)
    {
        if (Tables(input) is not { } tables) return Missing("Database");
        return tables.TryAdd(Name(input.GetProperty("TableInput"), "Name"), new Entry(InputOf(input), 0)) ? AwsAnswer.Ok() : AwsAnswer.Error("AlreadyExistsException", "Table already exists.");
    }

    private AwsAnswer UpdateTable(JsonElement input)
    {
        var name = Name(input.GetProperty("TableInput"), "Name");
        if (Tables(input)?.GetValueOrDefault(name) is not { } entry) return Missing("Table");
        if (input.TryGetProperty("VersionId", out var version) && version.GetString() != entry.VersionId) return AwsAnswer.Error("ConcurrentModificationException", "Update table failed due to concurrent modifications.");
        Tables(input)![name] = new Entry(InputOf(input), entry.Version + 1);
        return AwsAnswer.Ok();
    }

    private SortedDictionary<string, Entry>? Tables(JsonElement input) => databases.GetValueOrDefault(Name(input, "DatabaseName"));

    private JsonObject Shown(JsonElement input, Entry entry)
    {
        var table = entry.Input.DeepClone().AsObject();
        table["DatabaseName"] = Name(input, "DatabaseName");
        table["CatalogId"] = Account;
        table["UpdateTime"] = 1.7e9;
        table["IsRegisteredWithLakeFormation"] = false;
        if (GivesVersions) table["VersionId"] = entry.VersionId;
        return table;
    }

    private AwsAnswer Page(string list, JsonElement input, IEnumerable<JsonObject> all)
    {
        var from = input.TryGetProperty("NextToken", out var token) ? int.Parse(token.GetString()!.AsSpan(1), CultureInfo.InvariantCulture) : 0;
        var rest = all.Skip(from).ToList();
        var page = new JsonObject { [list] = new JsonArray([.. rest.Take(PageSize)]) };
        if (RepeatsToken) page["NextToken"] = "t0";
        else if (rest.Count > PageSize) page["NextToken"] = string.Create(CultureInfo.InvariantCulture, $"t{from + PageSize}");
        return AwsAnswer.Ok(page);
    }

    private static AwsAnswer Missing(string what) => AwsAnswer.Error("EntityNotFoundException", $"{what} not found.");

    private static string Name(JsonElement input, string member) => input.GetProperty(member).GetString()!.ToLowerInvariant();

    private static JsonObject InputOf(JsonElement input)
    {
        var table = JsonNode.Parse(input.GetProperty("TableInput").GetRawText())!.AsObject();
        table["Name"] = Name(input.GetProperty("TableInput"), "Name");
        return table;
    }

    private sealed record Entry(JsonObject Input, int Version)
    {
        public string VersionId => Version.ToString(CultureInfo.InvariantCulture);
    }
}
