using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Operations;

namespace DataLake.Iceberg.Upserts;

/// <summary>New rows that replace rows of a table, those of the same keys or those within a range, ready to be committed.</summary>
public sealed class ReplacementPlan
{
    private readonly TableFiles files;

    internal ReplacementPlan(TableFiles files, TableChange change, long rowsReplaced, IReadOnlyList<DataFile> deleteFiles) =>
        (this.files, Change, RowsReplaced, DeleteFiles) = (files, change, rowsReplaced, deleteFiles);

    /// <summary>What <see cref="TableCommitter"/> commits; run id and summary are added by <c>with</c>. Its isolation is serializable: a commit by somebody else of the same keys or within the same range,
    /// or one that deletes rows of the same files, is a conflict; others are not. It is an append where nothing is replaced.</summary>
    public TableChange Change { get; }

    /// <summary>Rows that the commit deletes: for an upsert those of the table that new rows replace or that were deleted by key, and those of earlier generations that later ones replace. Of files that
    /// leave whole all rows count, those that were deleted before included.</summary>
    public long RowsReplaced { get; }

    /// <summary>The position delete files that were written for it; in a table of version 3 the deletion vectors, which have what was deleted before too.</summary>
    public IReadOnlyList<DataFile> DeleteFiles { get; }

    /// <summary>Whether it neither brings nor deletes a row, so that there is nothing to commit but what else goes with it.</summary>
    public bool IsEmpty => Change.AddedFiles.Count == 0 && Change.RemovedFiles.Count == 0;

    /// <summary>Removes the delete files. To be called when the commit failed for good, or the run turned out to be committed before: never after a commit, nor while its outcome is not
    /// known.</summary>
    /// <exception cref="Storage.StorageException">A file cannot be removed; maintenance does it later.</exception>
    public void Discard() => Discard(files, DeleteFiles);

    internal static void Discard(TableFiles files, IEnumerable<DataFile> deleteFiles)
    {
        foreach (var file in deleteFiles) files.Delete(file.FilePath);
    }
}
