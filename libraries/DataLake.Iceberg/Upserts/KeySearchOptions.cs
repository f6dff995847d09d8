namespace DataLake.Iceberg.Upserts;

/// <summary>What a key search may use.</summary>
public sealed record KeySearchOptions
{
    /// <summary>Bytes for the keys that are looked for at once, about 34 a key of one column and 8 for every further one. Where there are more keys, the candidates are read several times.
    /// Readers take about two pages and a dictionary a key column and core beside it. Default 256 MiB.</summary>
    public long KeyBytes { get; init; } = 256L << 20;

    /// <summary>Files or row groups that are read at a time. Default: the processors.</summary>
    public int Parallelism { get; init; } = Environment.ProcessorCount;
}
