using DataLake.Iceberg.Manifests;

namespace DataLake.Iceberg.Deletes;

/// <summary>Deleted positions in whatever form a table has them: deletion vectors, or position delete files.</summary>
internal static class PositionDeletes
{
    /// <summary>Adds to each target what a delete file, or a deletion vector, deletes of it.</summary>
    public static Task ReadAsync(OpenFile open, DataFile deletes, IReadOnlyDictionary<string, PositionSet> targets, CancellationToken cancellation) =>
        deletes.IsDeletionVector ? DeletionVectorFile.ReadAsync(open, deletes, targets, cancellation) : PositionDeleteFile.ReadAsync(open, deletes, targets, cancellation);
}
