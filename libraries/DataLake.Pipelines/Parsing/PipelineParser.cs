using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Parsing;

/// <summary>Reads a pipeline definition from YAML.</summary>
public static class PipelineParser
{
    /// <summary>Reads one pipeline and finds all errors at once. Any text is safe to read: none takes long, none throws.</summary>
    /// <param name="yaml">The text of the file.</param>
    /// <param name="fileName">The name to show in errors.</param>
    public static PipelineParseResult Parse(string yaml, string fileName) => ParseNamed(yaml, fileName).Result;

    /// <summary>Reads one pipeline, and tells where its name stands.</summary>
    internal static (PipelineParseResult Result, Position NameAt) ParseNamed(string yaml, string fileName)
    {
        var problems = new ProblemList();
        PipelineDefinition? pipeline = null;
        var nameAt = new Position(1, 1);
        if (YamlReader.Read(PipelineFile.WithoutByteOrderMark(yaml), problems) is { } root && PipelineKeys.Shape.Read(root, problems, out var fields))
        {
            nameAt = fields.AtOf(PipelineKeys.Name);
            pipeline = new PipelineBuilder(fields, problems).Build();
        }

        var errors = problems.InOrder().Select(problem =>
            new DefinitionError(fileName, problem.At.Line, problem.At.Column, problem.Message)).ToList();
        return (new PipelineParseResult(errors.Count == 0 ? pipeline : null, errors), nameAt);
    }
}
