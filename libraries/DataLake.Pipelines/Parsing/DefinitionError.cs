namespace DataLake.Pipelines.Parsing;

/// <summary>Something wrong in a definition file.</summary>
/// <param name="File">The file, as it was named by the caller.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
/// <param name="Message">What is wrong and what to write instead. Never holds what may be a secret.</param>
public sealed record DefinitionError(string File, int Line, int Column, string Message)
{
    /// <summary>The error as editors and terminals make it a link: <c>file:line:column: message</c>.</summary>
    public override string ToString() => $"{File}:{Line}:{Column}: {Message}";
}
