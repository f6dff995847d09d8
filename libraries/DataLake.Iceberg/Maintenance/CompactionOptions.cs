using DataLake.Iceberg.Metadata;
using DataLake.Parquet.Writing;

namespace DataLake.Iceberg.Maintenance;

/// <summary>Which files compaction takes, and how much of memory and work. Where the table's own properties say it, they go before these.</summary>
public sealed record CompactionOptions
{
    /// <summary>How large data files should be (<c>write.target-file-size-bytes</c>).</summary>
    public long TargetFileBytes { get; init; } = 128L << 20;

    /// <summary>A file below this share of the target is small.</summary>
    public double SmallShare { get; init; } = 0.75;

    /// <summary>How many small files of a partition make a group that is worth the work, unless they fill a file.</summary>
    public int MinFiles { get; init; } = 5;

    /// <summary>A file that lost this share of its rows is written anew.</summary>
    public double DeletedShare { get; init; } = 0.3;

    /// <summary>As many position delete files of a partition become one, and a file to which as many equality delete files apply is written anew.</summary>
    public int MaxDeleteFiles { get; init; } = 50;

    /// <summary>How long small files may wait for others before they are divided and sorted as the table's default partition spec and sort order say; enough of them do not wait.</summary>
    public TimeSpan LayoutDelay { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The most bytes of data files that one call writes anew; one group is done however large it is.</summary>
    public long MaxBytes { get; init; } = long.MaxValue;

    /// <summary>The most groups that one call does; delete files of a partition that become one are a group.</summary>
    public int MaxGroups { get; init; } = int.MaxValue;

    /// <summary>Bytes of data files that one commit replaces, about: what a crash or a conflict can cost.</summary>
    public long CommitBytes { get; init; } = 2L << 30;

    /// <summary>Memory for rows: those that were read, those that are sorted or wait to be written, and the keys of equality deletes. What needs more is sorted in files, and keys are looked for in several passes.</summary>
    public long MemoryBytes { get; init; } = 128L << 20;

    /// <summary>How files are written; row groups are cut to what the memory allows, and columns of <c>write.parquet.bloom-filter-enabled.column.*</c> get a Bloom filter.</summary>
    public ParquetWriterOptions Parquet { get; init; } = new();

    /// <summary>Bytes of files that are divided together: one of the new files comes of several.</summary>
    internal long DividedBytes => TargetFileBytes * 4;

    internal long SmallBytes => (long)(TargetFileBytes * SmallShare);

    /// <summary>These options with what the properties of a table say instead.</summary>
    internal CompactionOptions For(TableMetadata table) => this with { TargetFileBytes = TableProperties.Number(table, "write.target-file-size-bytes") ?? TargetFileBytes };
}
