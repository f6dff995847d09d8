using DataLake.Contracts;
using DataLake.Pipelines.Definitions;

namespace DataLake.Pipelines.Import;

/// <summary>What a row means.</summary>
/// <param name="Row">The row.</param>
/// <param name="Table">The table.</param>
/// <param name="Window">Its cursor and first window, null for a full load.</param>
/// <param name="Chunks">Its bounds, null where it has none.</param>
internal sealed record ImportedTable(ConfigRow Row, TableName Table, ImportedWindow? Window, ChunkingDefinition.Bounds? Chunks);

/// <summary>A cursor column, and the wall-clock bounds of the first window.</summary>
internal sealed record ImportedWindow(string Cursor, DateTime Start, DateTime Stop);
