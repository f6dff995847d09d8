namespace DataLake.Storage;

/// <summary>A file of the lake as a listing gives it.</summary>
/// <param name="Path">Its path in the lake, with forward slashes.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="ModifiedAt">When it was last written (UTC).</param>
public readonly record struct LakeFile(string Path, long Bytes, DateTimeOffset ModifiedAt);
