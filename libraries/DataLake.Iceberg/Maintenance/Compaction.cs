using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;
using DataLake.Parquet;

namespace DataLake.Iceberg.Maintenance;

/// <summary>A group of files that compaction left as it is.</summary>
/// <param name="Files">The data files.</param>
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

    /// <summary>Delete files that left the table, because nothing needs them any more.</summary>
    public int RemovedDeleteFiles { get; init; }

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
/// Writes small files, and files of which much is deleted, anew: the same rows in fewer files, by the table's schema of now. Beside other writers it is safe: each commit stands alone, what others
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
        if (table.CurrentSnapshot is not { } from) return new CompactionOutcome();
        options = options.For(table);
        var plan = await CompactionPlan.MakeAsync(files, table, from, await new SnapshotReader(files).ManifestsAsync(from, cancellation), options, cancellation);
        var run = new Run(identifier, from, plan, new GroupRewriter(files, table, options), committer);
        var (groups, bytes) = (0, 0L);
        foreach (var group in plan.Groups)
        {
            if (groups >= options.MaxGroups || (groups > 0 && bytes + group.Bytes > options.MaxBytes)) break;
            (groups, bytes) = (groups + 1, bytes + group.Bytes);
            await run.RewriteAsync(group, cancellation);
            if (run.WaitingBytes >= options.CommitBytes) await run.CommitAsync(cancellation);
        }

        await run.CommitAsync(cancellation);
        return run.Outcome with { HasMore = groups < plan.Groups.Count };
    }

    /// <summary>One compaction: groups that are written wait for a commit together.</summary>
    private sealed class Run(TableIdentifier identifier, Snapshot from, CompactionPlan plan, GroupRewriter rewriter, TableCommitter committer)
    {
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
                Skip(group, error);
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
                    rewriter.Remove(group.Added);
                    Skip(group.Group, conflict);
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
            try
            {
                await committer.CommitAsync(identifier, TableChange.Rewrite(from, [.. leaving.Select(file => file.Data.DataFile), .. deletes], added), cancellation);
            }
            catch (IcebergException error) when (error.Kind == IcebergErrorKind.CommitConflict)
            {
                return error;
            }

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

        private void Skip(CompactionGroup group, Exception reason) => Outcome = Outcome with { Skipped = [.. Outcome.Skipped, new SkippedGroup([.. group.DataFiles], reason)] };

        private void RemoveWaiting() => rewriter.Remove(waiting.SelectMany(group => group.Added));
    }
}
