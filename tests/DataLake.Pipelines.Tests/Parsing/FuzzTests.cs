using DataLake.Pipelines.Parsing;
using DataLake.Pipelines.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace DataLake.Pipelines.Tests.Parsing;

public class FuzzTests
{
    [Fact]
    public void No_text_throws_and_each_has_a_pipeline_or_errors()
    {
        var tokens = Gen.Elements(
            "pipeline", ": ", "\n", "  ", "- ", "[", "]", "{", "}", "\"", "'", "|", ">", "&a", "*a", "!t", "!!", "%YAML 1.2", "---", "...", "#", "?", "\t", "\r\n", ",",
            "env:X", "tables", "null", "~", "1", "-", "\\x", "\\u12", "é", "\uD800", "\u2028", "<<", "@", "`", "99999999999");
        Arbitrary.Holds(tokens.ListOf().Select(list => string.Concat(list)), ShouldBeDecided, 3000);
    }

    [Fact]
    public void No_slip_of_the_keyboard_throws()
    {
        var slips = from at in Gen.Choose(0, Example.Yaml.Length - 1)
                    from length in Gen.Choose(0, 5)
                    from typed in Gen.Elements("", " ", "x", "\n", ":", "'", "\"", "[", "}", "*", "\t", "#", "5", "-")
                    select Example.Yaml.Remove(at, Math.Min(length, Example.Yaml.Length - at)).Insert(at, typed);
        Arbitrary.Holds(slips, ShouldBeDecided, 600);
    }

    private static void ShouldBeDecided(string yaml)
    {
        var result = PipelineParser.Parse(yaml, "p.yaml");
        (result.Pipeline is null).ShouldBe(result.Errors.Count > 0, yaml);
        result.Errors.ShouldAllBe(error => error.Line >= 1 && error.Column >= 1);
    }
}
