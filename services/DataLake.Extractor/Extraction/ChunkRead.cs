using DataLake.Ledger.Model;
using DataLake.Postgres.Chunks;

namespace DataLake.Extractor.Extraction;

/// <summary>One read of a chunk, by one connection.</summary>
/// <param name="Chunk">The chunk.</param>
/// <param name="Time">1 for the first read of it.</param>
internal sealed record ChunkRead(Chunk Chunk, int Time)
{
    /// <summary>Files published so far. They count when the whole chunk is read.</summary>
    public List<RunFile> Files { get; } = [];

    /// <summary>Rows so far.</summary>
    public long Rows { get; set; }
}
