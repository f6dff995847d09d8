namespace DataLake.Pipelines.Import;

/// <summary>A pipeline made from a config table.</summary>
/// <param name="Yaml">The definition; null where the import failed.</param>
/// <param name="Tables">How many tables it has.</param>
/// <param name="Problems">The rows that were refused and why, in the order of the file.</param>
public sealed record ConfigImportResult(string? Yaml, int Tables, IReadOnlyList<ConfigImportProblem> Problems)
{
    /// <summary>Whether there is a definition.</summary>
    public bool Succeeded => Yaml is not null;
}
