namespace DataLake.Ledger.Columns;

/// <summary>The ids by which the lake knows a column, whatever its name is.</summary>
/// <param name="Column">The column's own.</param>
/// <param name="Element">Its elements', where it is or once was a list.</param>
public readonly record struct FieldIds(int Column, int? Element);
