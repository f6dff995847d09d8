using DataLake.Postgres.Chunks;

namespace DataLake.Postgres.Plans;

/// <summary>What reading a table, or a window of it, will be like. All numbers are the server's estimates: nothing was read.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Bytes">Bytes that the server will send.</param>
/// <param name="Chunks">The parts, each read by one connection.</param>
public sealed record ReadPlan(long Rows, long Bytes, IReadOnlyList<PlannedChunk> Chunks);

/// <summary>What reading one chunk will be like.</summary>
/// <param name="Chunk">The chunk.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Cost">The server's estimate of its own work, in its units.</param>
/// <param name="Steps">How the server will find the rows, outermost first, for example <c>Index Scan using shipments_updated_at on shipments</c>.</param>
public sealed record PlannedChunk(Chunk Chunk, long Rows, double Cost, IReadOnlyList<string> Steps);
