namespace DataLake.Pipelines.Definitions;

/// <summary>A column whose values must not reach the lake as they are.</summary>
/// <param name="Column">The column.</param>
/// <param name="Mask">What stands there instead.</param>
public sealed record SensitiveColumn(string Column, Mask Mask);
