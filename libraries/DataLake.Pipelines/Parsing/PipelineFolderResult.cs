namespace DataLake.Pipelines.Parsing;

/// <summary>The pipelines of a folder, or all that is wrong with its files.</summary>
/// <param name="Files">The files that are usable, in the order of their names. Where there are errors, apply none: a name may be missing.</param>
/// <param name="Errors">All errors, by file and place.</param>
public sealed record PipelineFolderResult(IReadOnlyList<PipelineFile> Files, IReadOnlyList<DefinitionError> Errors);
