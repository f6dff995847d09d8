using System.Text.Json;

namespace DataLake.Aws.Tests.Models;

public sealed class ServiceModelTests
{
    private const string Small =
        """
        {
          "metadata": {"endpointPrefix": "shelf", "targetPrefix": "Shelf", "jsonVersion": "1.1"},
          "operations": {
            "PutBook": {"input": {"shape": "PutBookRequest"}, "output": {"shape": "PutBookResponse"}, "errors": [{"shape": "FullException"}]},
            "Close": {"input": {"shape": "Empty"}}
          },
          "shapes": {
            "Empty": {"type": "structure", "members": {}},
            "FullException": {"type": "structure", "members": {}},
            "PutBookRequest": {"type": "structure", "required": ["Title"], "members": {
              "Title": {"shape": "Title"}, "Kind": {"shape": "Kind"}, "Pages": {"shape": "Pages"}, "At": {"shape": "Time"}, "Lent": {"shape": "Bool"}, "Tags": {"shape": "Tags"}, "Notes": {"shape": "Notes"}}},
            "PutBookResponse": {"type": "structure", "required": ["Title"], "members": {"Title": {"shape": "Title"}}},
            "Title": {"type": "string", "min": 1, "max": 5, "pattern": "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*"},
            "Kind": {"type": "string", "enum": ["NOVEL", "MAP"]},
            "Pages": {"type": "integer", "min": 1, "max": 10},
            "Time": {"type": "timestamp"},
            "Bool": {"type": "boolean"},
            "Tags": {"type": "list", "member": {"shape": "Title"}, "max": 2},
            "Notes": {"type": "map", "key": {"shape": "Title"}, "value": {"shape": "Kind"}}
          }
        }
        """;

    [Theory]
    [InlineData("""{"Title":"a"}""")]
    [InlineData("""{"Title":"\uD83D\uDE00 é","Kind":"MAP","Pages":10,"At":1.5,"Lent":false,"Tags":["a","b"],"Notes":{"k":"NOVEL"}}""")]
    public void What_the_model_allows_has_no_faults(string input) => Faults("PutBook", input).ShouldBeEmpty();

    [Theory]
    [InlineData("""{}""", "PutBook has no Title, which is required")]
    [InlineData("""{"Title":"a","Author":"b"}""", "PutBook has no member Author")]
    [InlineData("""{"Title":""}""", "PutBook.Title, characters: 0 is out of range")]
    [InlineData("""{"Title":"abcdef"}""", "PutBook.Title, characters: 6 is out of range")]
    [InlineData("""{"Title":"a\nb"}""", "does not match")]
    [InlineData("""{"Title":1}""", "PutBook.Title is Number, not a string")]
    [InlineData("""{"Title":null}""", "PutBook.Title is Null, not a string")]
    [InlineData("""{"Title":"a","Kind":"MAPS"}""", "PutBook.Kind is 'MAPS', which is not in the enum")]
    [InlineData("""{"Title":"a","Pages":11}""", "PutBook.Pages 11 is out of range")]
    [InlineData("""{"Title":"a","Pages":1.5}""", "PutBook.Pages is 1.5, not a whole number")]
    [InlineData("""{"Title":"a","At":"now"}""", "PutBook.At is String, not a timestamp")]
    [InlineData("""{"Title":"a","Lent":"no"}""", "PutBook.Lent is String, not a boolean")]
    [InlineData("""{"Title":"a","Tags":["a","b","c"]}""", "PutBook.Tags, elements: 3 is out of range")]
    [InlineData("""{"Title":"a","Tags":[""]}""", "PutBook.Tags[0], characters: 0 is out of range")]
    [InlineData("""{"Title":"a","Notes":{"toolong":"MAP"}}""", "PutBook.Notes, key 'toolong', characters: 7 is out of range")]
    [InlineData("""{"Title":"a","Notes":{"k":"x"}}""", "PutBook.Notes.k is 'x', which is not in the enum")]
    [InlineData("""[]""", "PutBook is Array, not a structure")]
    public void What_it_does_not_allow_is_named(string input, string fault) => Faults("PutBook", input).ShouldHaveSingleItem().ShouldContain(fault);

    [Fact]
    public void Operations_answers_and_errors_are_held_against_it_too()
    {
        var model = ServiceModel.Parse(Small);
        Faults("Burn", "{}").ShouldBe(["there is no operation Burn"]);
        model.OutputFaults("PutBook", Json("{}")).ShouldBe(["PutBook has no Title, which is required"]);
        model.OutputFaults("Close", Json("""{"Title":"a"}""")).ShouldBe(["Close has no output"]);
        (model.CanFailWith("PutBook", "FullException"), model.CanFailWith("PutBook", "EmptyException")).ShouldBe((true, false));
    }

    private static IReadOnlyList<string> Faults(string operation, string input) => ServiceModel.Parse(Small).InputFaults(operation, Json(input));

    private static JsonElement Json(string text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }
}
