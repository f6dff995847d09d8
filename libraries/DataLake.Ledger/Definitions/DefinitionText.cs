namespace DataLake.Ledger.Definitions;

/// <summary>A pipeline's definition on its way into the ledger.</summary>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Hash">A hash of the text: the same text has the same.</param>
/// <param name="Text">The definition (YAML), with references in place of secrets.</param>
/// <param name="FileName">The file it came from.</param>
public sealed record DefinitionText(string Pipeline, string Hash, string Text, string FileName);
