using DataLake.Iceberg.Types;

namespace DataLake.Ledger.Columns;

/// <summary>A column as the source shows it when a run reads its table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, as the source writes it.</param>
/// <param name="Nullable">Whether a value can be missing.</param>
/// <param name="Number">The source's own number of the column: kept when it is renamed, not used again when it is dropped.</param>
/// <param name="LakeType">What the lake keeps it as, or a list's elements.</param>
/// <param name="IsList">Whether the lake keeps it as a list, whose elements have an id of their own.</param>
public sealed record SourceColumn(string Name, string Type, bool Nullable, int Number, PrimitiveType LakeType, bool IsList = false);
