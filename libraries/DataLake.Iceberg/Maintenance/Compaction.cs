using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;
using DataLake.Parquet;

namespace DataLake.Iceberg.Maintenance;

/// <summary>A group of files that compaction left as it is.</summary>
/// <param name="Files">The data files; or the position delete files that should have become one.</param>
/// <param name="Reason">Why: a <see cref="IcebergErrorKind.CommitConflict"/> where others changed them meanwhile, and the next call plans them again; else what keeps them from being read.</param>
public sealed record SkippedGroup(IReadOnlyList<DataFile> Files, Exception Reason);

/// <summary>What a compaction did.</summary>
public sealed record CompactionOutcome
{
    /// <summary>Commits.</summary>
    public int Commits { get; init; }

    /// <summary>Data files that left the table.</summary>
    public int RemovedFiles { get; init; }

    /// <summary>Bytes of them.</summary>
    public long RemovedBytes { get; init; }

    /// <summary>Delete files that left the table, because nothing needs them any more, or others have their positions.</summary>
    public int RemovedDeleteFiles { get; init; }

    /// <summary>Position delete files that have the positions of several.</summary>
    public int AddedDeleteFiles { get; init; }

    /// <summary>Data files that were written.</summary>
    public int AddedFiles { get; init; }

    /// <summary>Bytes of them.</summary>
    public long AddedBytes { get; init; }

    /// <summary>Groups that were left as they are.</summary>
    public IReadOnlyList<SkippedGroup> Skipped { get; init; } = [];

    /// <summary>Whether groups are left for the next call.</summary>
    public bool HasMore { get; init; }
}

/// <summary>
/// Writes small files, files of which much is deleted, and files that are not laid out as the table asks, anew: the same rows in fewer files, by the table's schema, partition spec and sort order of now; and makes one of
/// many position delete files. Beside other writers it is safe: each commit stands alone, what others
/// changed meanwhile is left to the next call, and a crash leaves orphans only. Old files stay for the snapshots that have them; expiry removes them, and only from the table's own folder.
/// </summary>
public sealed class Compaction(ICatalog catalog, TableFiles files, TimeProvider clock, CommitOptions? commits = null)
{
    private readonly TableCommitter committer = new(catalog, files, clock, commits);

    /// <summary>Compacts the current snapshot of main.</summary>
    /// <param name="identifier">The table.</param>
    /// <param name="options">Which files, and how much of memory and work.</param>
    /// <param name="cancellation">Stops the compaction; what was committed stays.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.NotFound"/>: there is no such table. <see cref="IcebergErrorKind.UnknownOutcome"/>: the catalog failed while it committed; call again.
    /// <see cref="IcebergErrorKind.Unsupported"/>: the table has columns that are not written to Parquet here.</exception>
    public async Task<CompactionOutcome> RunAsync(TableIdentifier identifier, CompactionOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        ArgumentNullException.ThrowIfNull(options);
        var table = (await catalog.LoadTableAsync(identifier, cancellation) ?? throw new IcebergException(IcebergErrorKind.NotFound, $"There is no table {identifier} in the catalog '{catalog.Name}'.")).Metadata;
        if (table.HasRowLineage && table.CurrentSnapshot is { FirstRowId: null })
        {
            // Rows of an upgraded table get their ids with its next snapshot: were that one of several commits here, those after it would move rows that had none when they were read.
            table = (await committer.CommitAsync(identifier, new TableChange { Operation = SnapshotSummary.Replace }, cancellation)).Table.Metadata;
        }

        if (table.CurrentSnapshot is not { } from) return new CompactionOutcome();
        options = options.For(table);
        var plan = await CompactionPlan.MakeAsync(files, table, from, await new SnapshotReader(files).ManifestsAsync(from, cancellation), options, clock.GetUtcNow(), cancellation);
        var run = new Run(identifier, from, plan, options, new RewriteFiles(files, table), table, committer);
        var (groups, bytes) = (0, 0L);
        foreach (var group in plan.Groups)
        {
            if (groups >= options.MaxGroups || (groups > 0 && bytes + group.Bytes > options.MaxBytes)) break;
            (groups, bytes) = (groups + 1, bytes + group.Bytes);
            await run.RewriteAsync(group, cancellation);
            if (run.WaitingBytes >= options.CommitBytes) await run.CommitAsync(cancellation);
        }

        await run.CommitAsync(cancellation);
        var merges = plan.Merges.Take(options.MaxGroups - groups).ToList();
        foreach (var merge in merges) await run.MergeAsync(plan.Rest(merge), cancellation);
        return run.Outcome with { HasMore = groups < plan.Groups.Count || merges.Count < plan.Merges.Count };
    }

    /// <summary>One compaction: groups that are written wait for a commit together.</summary>
    private sealed class Run(TableIdentifier identifier, Snapshot from, CompactionPlan plan, CompactionOptions options, RewriteFiles output, TableMetadata table, TableCommitter committer)
    {
        private readonly GroupRewriter rewriter = new(output, table, options);
        private readonly List<(CompactionGroup Group, IReadOnlyList<DataFile> Added)> waiting = [];

        public CompactionOutcome Outcome { get; private set; } = new();

        public long WaitingBytes => waiting.Sum(group => group.Group.Bytes);

        public async Task RewriteAsync(CompactionGroup group, CancellationToken cancellation)
        {
            try
            {
                waiting.Add((group, await rewriter.WriteAsync(group, cancellation)));
            }
            catch (Exception error) when (error is IcebergException or ParquetException)
            {
                // One file that cannot be read must not keep all others from being compacted.
                Skip(group.DataFiles, error);
            }
            catch
            {
                RemoveWaiting();
                throw;
            }
        }

        public async Task CommitAsync(CancellationToken cancellation)
        {
            try
            {
                if (await TryCommitAsync(waiting, withDangling: true, cancellation) is null) return;

                // What others changed spoils one group, as a rule: each for itself.
                foreach (var group in waiting.ToList())
                {
                    if (await TryCommitAsync([group], withDangling: false, cancellation) is not { } conflict) continue;
                    waiting.Remove(group);
                    output.Remove(group.Added);
                    Skip(group.Group.DataFiles, conflict);
                }
            }
            catch (IcebergException error) when (error.Kind == IcebergErrorKind.UnknownOutcome)
            {
                // The files may be part of the table; if they are not, they are orphans.
                throw;
            }
            catch
            {
                RemoveWaiting();
                throw;
            }
        }

        public async Task MergeAsync(DeleteMerge merge, CancellationToken cancellation)
        {
            if (merge.Deletes.Count < 2) return;
            IReadOnlyList<DataFile> added = [];
            try
            {
                added = await merge.WriteAsync(output, table.HasRowLineage, options.MemoryBytes, cancellation);
                if (await ConflictAsync(TableChange.Rewrite(from, merge.Deletes, added), cancellation) is { } conflict)
                {
                    output.Remove(added);
                    Skip(merge.Deletes, conflict);
                    return;
                }
            }
            catch (Exception error) when (error is ParquetException or IcebergException { Kind: not IcebergErrorKind.UnknownOutcome } && added.Count == 0)
            {
                Skip(merge.Deletes, error);
                return;
            }
            catch (Exception error) when (error is not IcebergException { Kind: IcebergErrorKind.UnknownOutcome })
            {
                output.Remove(added);
                throw;
            }

            Outcome = Outcome with
            {
                Commits = Outcome.Commits + 1, RemovedDeleteFiles = Outcome.RemovedDeleteFiles + merge.Deletes.Count, AddedDeleteFiles = Outcome.AddedDeleteFiles + added.Count,
            };
        }

        /// <summary>Commits groups.</summary>
        /// <param name="groups">The groups.</param>
        /// <param name="withDangling">Whether delete files leave too that nothing needed from the beginning: somebody else may have removed them.</param>
        /// <param name="cancellation">Stops the commit.</param>
        /// <returns>The conflict, or null.</returns>
        private async Task<IcebergException?> TryCommitAsync(IReadOnlyList<(CompactionGroup Group, IReadOnlyList<DataFile> Added)> groups, bool withDangling, CancellationToken cancellation)
        {
            var leaving = groups.SelectMany(group => group.Group.Files).ToList();
            var deletes = plan.Unneeded(leaving);
            if (!withDangling) deletes = [.. deletes.Except(plan.Dangling)];
            if (leaving.Count == 0 && deletes.Count == 0) return null;
            var added = groups.SelectMany(group => group.Added).ToList();
            if (await ConflictAsync(TableChange.Rewrite(from, [.. leaving.Select(file => file.Data.DataFile), .. deletes], added), cancellation) is { } conflict) return conflict;
            plan.Leave(leaving, deletes);
            foreach (var group in groups.ToList()) waiting.Remove(group);
            Outcome = Outcome with
            {
                Commits = Outcome.Commits + 1,
                RemovedFiles = Outcome.RemovedFiles + leaving.Count,
                RemovedBytes = Outcome.RemovedBytes + leaving.Sum(file => file.Data.DataFile.FileSizeInBytes),
                RemovedDeleteFiles = Outcome.RemovedDeleteFiles + deletes.Count,
                AddedFiles = Outcome.AddedFiles + added.Count,
                AddedBytes = Outcome.AddedBytes + added.Sum(file => file.FileSizeInBytes),
            };
            return null;
        }

        private async Task<IcebergException?> ConflictAsync(TableChange change, CancellationToken cancellation)
        {
            try
            {
                await committer.CommitAsync(identifier, change, cancellation);
                return null;
            }
            catch (IcebergException error) when (error.Kind == IcebergErrorKind.CommitConflict)
            {
                return error;
            }
        }

        private void Skip(IEnumerable<DataFile> files, Exception reason) => Outcome = Outcome with { Skipped = [.. Outcome.Skipped, new SkippedGroup([.. files], reason)] };

        private void RemoveWaiting() => output.Remove(waiting.SelectMany(group => group.Added));
    }
}
