namespace DataLake.Pipelines.Import;

/// <summary>A row, or a part of one, that was refused.</summary>
/// <param name="Line">The line in the config table, from 1; 0 for what concerns the import as a whole.</param>
/// <param name="Message">What is wrong and what to write instead.</param>
public sealed record ConfigImportProblem(int Line, string Message)
{
    /// <summary>The problem in one line.</summary>
    public override string ToString() => Line == 0 ? Message : $"line {Line}: {Message}";
}
