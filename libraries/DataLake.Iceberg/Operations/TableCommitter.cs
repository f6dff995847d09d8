using System.Security.Cryptography;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Updates;
using DataLake.Storage;

namespace DataLake.Iceberg.Operations;

/// <summary>How a commit ended.</summary>
/// <param name="Table">The table after it.</param>
/// <param name="Snapshot">The snapshot that the change is, or that the run made before.</param>
/// <param name="AlreadyCommitted">Whether the run was committed before, and nothing was done now.</param>
public sealed record CommitOutcome(CatalogTable Table, Snapshot Snapshot, bool AlreadyCommitted);

/// <summary>
/// Commits changes to tables. A commit that meets another one is tried again on what the table is then, as long as the change still makes sense there; one whose answer is lost is looked up, never
/// repeated blindly: an attempt carries the same snapshot id, and only one can follow the same metadata file. Files of attempts that came to nothing are removed.
/// </summary>
public sealed class TableCommitter(ICatalog catalog, TableFiles files, TimeProvider clock, CommitOptions? options = null)
{
    private readonly CommitOptions options = options ?? new CommitOptions();
    private readonly SnapshotReader reader = new(files);

    /// <summary>Makes a change one snapshot of a table.</summary>
    /// <param name="identifier">The table.</param>
    /// <param name="change">The change.</param>
    /// <param name="cancellation">Stops the commit; a swap that is under way decides first.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.CommitConflict"/>: what others committed spoils the change, or they were faster too often: plan it again.
    /// <see cref="IcebergErrorKind.UnknownOutcome"/>: the catalog failed while it committed and could not be asked; commit the same run again later.
    /// <see cref="IcebergErrorKind.NotFound"/>: there is no such table. <see cref="IcebergErrorKind.Invalid"/>: the change contradicts itself.</exception>
    public async Task<CommitOutcome> CommitAsync(TableIdentifier identifier, TableChange change, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        ArgumentNullException.ThrowIfNull(change);
        await using var producer = new SnapshotProducer(reader, files, change, NewSnapshotId());
        var isUnknown = false;
        CommitOutcome outcome;
        try
        {
            outcome = await AttemptsAsync(identifier, change, producer, () => isUnknown = true, cancellation);
        }
        catch (Exception error) when (isUnknown)
        {
            // The files may be part of the table, so they stay; maintenance finds out later.
            if (error is IcebergException { Kind: IcebergErrorKind.UnknownOutcome }) throw;
            throw new IcebergException(
                IcebergErrorKind.UnknownOutcome, $"Whether the change of {identifier} was committed as snapshot {producer.SnapshotId} is not known: {error.Message} Load the table and look for it, or commit the same run again.", error);
        }
        catch
        {
            producer.RemoveUnusedFiles(null);
            throw;
        }

        try
        {
            producer.RemoveUnusedFiles(outcome.AlreadyCommitted ? null : outcome.Snapshot);
        }
        catch (StorageException)
        {
            // The commit stands. What could not be removed is what maintenance removes.
        }

        return outcome;
    }

    private async Task<CommitOutcome> AttemptsAsync(TableIdentifier identifier, TableChange change, SnapshotProducer producer, Action onUnknown, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var table = await catalog.LoadTableAsync(identifier, cancellation)
                ?? throw new IcebergException(IcebergErrorKind.NotFound, $"There is no table {identifier} in the catalog '{catalog.Name}'; create it first.");
            if (table.Metadata.FindSnapshot(producer.SnapshotId) is { } ours) return new CommitOutcome(table, ours, AlreadyCommitted: false);
            if (Committed(table.Metadata, change) is { } earlier) return new CommitOutcome(table, earlier, AlreadyCommitted: true);
            var (snapshot, updates) = await producer.ProduceAsync(table.Metadata, options, clock, cancellation);
            try
            {
                return new CommitOutcome(await catalog.CommitTableAsync(table, RequirementsOf(table.Metadata, change), updates, cancellation), snapshot, AlreadyCommitted: false);
            }
            catch (IcebergException error) when (error.Kind is IcebergErrorKind.CommitConflict or IcebergErrorKind.UnknownOutcome)
            {
                if (error.Kind == IcebergErrorKind.UnknownOutcome) onUnknown();
                if (attempt >= options.MaxAttempts) throw;
                await Task.Delay(DelayAfter(attempt), clock, cancellation);
            }
        }
    }

    /// <summary>The newest snapshot that one of the change's runs made, if all of them made one.</summary>
    private static Snapshot? Committed(TableMetadata table, TableChange change)
    {
        if (change.RunIds.Count == 0) return null;
        Snapshot? newest = null;
        var left = change.RunIds.ToHashSet(StringComparer.Ordinal);
        foreach (var snapshot in SnapshotSelection.History(table, SnapshotProducer.HeadOf(table, change.Branch)))
        {
            foreach (var run in RunSummary.RunsOf(snapshot))
                if (left.Remove(run)) newest ??= snapshot;
            if (left.Count == 0) break;
        }

        return newest is null || left.Count == 0 ? newest : throw new IcebergException(IcebergErrorKind.CommitConflict,
            $"Some of the runs {string.Join(", ", change.RunIds)} are part of the table already, in snapshot {newest.SnapshotId} or before, and not {string.Join(", ", left)}. Plan the change again, for those that are not.");
    }

    private static List<TableRequirement> RequirementsOf(TableMetadata table, TableChange change)
    {
        List<TableRequirement> requirements = [new TableRequirement.AssertRefSnapshotId(change.Branch, table.Refs.GetValueOrDefault(change.Branch)?.SnapshotId), .. change.Requirements];
        if (table.TableUuid is { } uuid) requirements.Insert(0, new TableRequirement.AssertTableUuid(uuid));
        return requirements;
    }

    private static long NewSnapshotId()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return Math.Max(1, BitConverter.ToInt64(bytes) & long.MaxValue);
    }

    private TimeSpan DelayAfter(int attempt)
    {
        var longest = Math.Min(options.LongestDelay.Ticks, options.FirstDelay.Ticks << Math.Min(attempt - 1, 20));
        return TimeSpan.FromTicks(Random.Shared.NextInt64(longest + 1));
    }
}
