using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Storage;

namespace DataLake.Iceberg.Maintenance;

/// <summary>The files that one compaction writes: where they lie, and how they go when no commit made them part of the table.</summary>
internal sealed class RewriteFiles(TableFiles files, TableMetadata table)
{
    private readonly string folder = TableProperties.DataFolder(table);
    private readonly Guid call = Guid.NewGuid();
    private int count;

    /// <summary>A location that no other file has.</summary>
    public string Next(string kind = "", string format = "parquet") => $"{folder}/{call}-{++count:D5}{kind}.{format}";

    public Stream Open(string location) => files.OpenRead(location);

    public StagedFile Create(string location) => files.Create(location);

    /// <summary>Removes files that are part of no table.</summary>
    public void Remove(IEnumerable<DataFile> unused)
    {
        foreach (var file in unused)
        {
            try
            {
                files.Delete(file.FilePath);
            }
            catch (StorageException)
            {
                // What could not be removed is an orphan.
            }
        }
    }
}
