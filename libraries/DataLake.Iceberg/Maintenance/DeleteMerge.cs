using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;

namespace DataLake.Iceberg.Maintenance;

/// <summary>Position delete files of one partition that become one, or a few where the memory asks for it; in a table of version 3 the deletion vectors of the data files that they name.</summary>
/// <param name="SpecId">Their partition spec.</param>
/// <param name="Partition">Their partition.</param>
/// <param name="Deletes">The position delete files.</param>
/// <param name="Targets">The data files that they may name.</param>
internal sealed record DeleteMerge(int SpecId, PartitionTuple Partition, IReadOnlyList<DataFile> Deletes, IReadOnlyList<ScanFile> Targets)
{
    /// <summary>Reads the positions and writes them down together; those of data files that are gone are forgotten.</summary>
    /// <returns>The new files; none where nothing is named.</returns>
    public async Task<IReadOnlyList<DataFile>> WriteAsync(RewriteFiles output, bool hasVectors, long memoryBytes, CancellationToken cancellation)
    {
        var done = new List<DataFile>();
        try
        {
            foreach (var part in Parts(memoryBytes))
            {
                var positions = part.ToDictionary(file => file.Data.DataFile.FilePath, file => new PositionSet(file.Data.DataFile.RecordCount));

                // What planning says applies, so that a path that was there twice keeps no delete of its earlier file.
                var applying = part.SelectMany(file => file.Deletes, (file, delete) => (Delete: delete.DataFile.FilePath, File: file.Data.DataFile.FilePath)).ToLookup(pair => pair.Delete, pair => pair.File);
                foreach (var delete in Deletes)
                {
                    var named = applying[delete.FilePath].ToDictionary(path => path, path => positions[path]);
                    if (named.Count > 0) await PositionDeletes.ReadAsync((location, _) => ValueTask.FromResult(output.Open(location)), delete, named, cancellation);
                }

                if (positions.Values.All(set => set.Count == 0)) continue;
                var location = output.Next("-deletes", hasVectors ? "puffin" : "parquet");
                await using var file = output.Create(location);
                if (hasVectors)
                {
                    var vectors = part.Select(target => KeyValuePair.Create(target.Data.DataFile with { PartitionSpecId = SpecId, Partition = Partition }, positions[target.Data.DataFile.FilePath]));
                    done.AddRange(await DeletionVectorFile.WriteAsync(file.Stream, location, vectors, cancellation));
                }
                else
                {
                    done.Add(await PositionDeleteFile.WriteAsync(file.Stream, location, positions, cancellation) with { PartitionSpecId = SpecId, Partition = Partition });
                }

                await file.PublishAsync(cancellation);
            }

            return done;
        }
        catch
        {
            output.Remove(done);
            throw;
        }
    }

    /// <summary>Data files whose positions fit into half of the memory together, a bit a row; one is a part however many rows it has.</summary>
    private IEnumerable<List<ScanFile>> Parts(long memoryBytes)
    {
        var (part, rows) = (new List<ScanFile>(), 0L);
        foreach (var file in Targets)
        {
            if (part.Count > 0 && (rows + file.Data.DataFile.RecordCount) / 8 > memoryBytes / 2)
            {
                yield return part;
                (part, rows) = ([], 0);
            }

            part.Add(file);
            rows += file.Data.DataFile.RecordCount;
        }

        if (part.Count > 0) yield return part;
    }
}
