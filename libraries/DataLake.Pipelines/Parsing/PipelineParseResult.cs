using DataLake.Pipelines.Definitions;

namespace DataLake.Pipelines.Parsing;

/// <summary>A pipeline, or all that is wrong with its file.</summary>
/// <param name="Pipeline">The pipeline; null where there is any error.</param>
/// <param name="Errors">The errors, in the order of the file.</param>
public sealed record PipelineParseResult(PipelineDefinition? Pipeline, IReadOnlyList<DefinitionError> Errors);
