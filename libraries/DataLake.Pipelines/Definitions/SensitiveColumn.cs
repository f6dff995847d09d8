namespace DataLake.Pipelines.Definitions;

/// <summary>A column whose values must not reach the lake as they are.</summary>
/// <param name="Column">The column.</param>
/// <param name="Mask">What stands there instead.</param>
/// <param name="By">With <see cref="Definitions.Mask.DateShift"/>, and only then: the column whose value decides by how many days.</param>
public sealed record SensitiveColumn(string Column, Mask Mask, string? By = null);
