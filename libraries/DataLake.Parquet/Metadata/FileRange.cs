namespace DataLake.Parquet.Metadata;

/// <summary>A part of a file.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Its bytes.</param>
public readonly record struct FileRange(long Offset, int Length);
