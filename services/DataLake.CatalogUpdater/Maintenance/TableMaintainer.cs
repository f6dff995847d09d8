using System.Globalization;
using DataLake.Contracts;
using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Operations;
using DataLake.Ledger;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Maintenance;
using DataLake.Ledger.Model;
using DataLake.Storage;
using Microsoft.Extensions.Options;

namespace DataLake.CatalogUpdater.Maintenance;

/// <summary>Looks at the health of tables that were committed to, and does what they need. What it does is noted in the ledger; commits of runs go on beside it.</summary>
public sealed partial class TableMaintainer(
    MaintenanceStore store, ICatalog catalog, TableFiles files, IOptions<MaintenanceSettings> settings, TimeProvider time, ILogger<TableMaintainer> logger)
{
    /// <summary>Looks at every table that is due, one after the other.</summary>
    /// <returns>How many were looked at.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var looked = 0;
        foreach (var table in await store.DueAsync(cancellation))
        {
            await using var turn = await store.TryTakeTurnAsync(table, cancellation);
            if (turn is null)
            {
                continue;
            }

            await LookAtAsync(table, cancellation);
            looked++;
        }

        return looked;
    }

    private async Task LookAtAsync(LakeTable row, CancellationToken cancellation)
    {
        var identifier = LakeTableNames.Of(row.Pipeline, TableName.TryParse(row.Table)!);
        using var timeout = new CancellationTokenSource(settings.Value.Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        var (again, orphansRemoved) = (settings.Value.LookAgainAfter, false);
        TableMaintenance? begun = null;
        try
        {
            if (await catalog.LoadTableAsync(identifier, stop.Token) is { } table)
            {
                var options = settings.Value.Options;
                var health = await TableHealth.MeasureAsync(files, table, options.Compaction, time.GetUtcNow(), stop.Token);
                if (health.FilesToLayOut > 0) again = Sooner(settings.Value.LayoutDelay);
                foreach (var need in MaintenanceNeeds.Of(table.Metadata, health, options, time.GetUtcNow(), row.OrphansRemovedAt))
                {
                    begun = await store.BeginAsync(row, need.Operation.ToString(), need.Reason, stop.Token);
                    var (result, isUnfinished) = await DoAsync(need.Operation, identifier, options, stop.Token);
                    await store.EndAsync(begun, result, null, stop.Token);
                    Done(row.Table, need.Operation, result);
                    begun = null;
                    if (isUnfinished) again = Sooner(settings.Value.Interval);
                    orphansRemoved |= need.Operation == MaintenanceOperation.OrphanRemoval;
                }
            }
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested && !LedgerException.IsTrouble(error))
        {
            // One table's trouble is not the others'.
            var problem = error is OperationCanceledException
                ? $"It took longer than {settings.Value.Timeout}; what it had committed stays. Raise {MaintenanceSettings.Section}:{nameof(MaintenanceSettings.Timeout)}, or lower {nameof(MaintenanceSettings.BytesAtOnce)}."
                : error.Message;
            if (begun is not null)
            {
                await store.EndAsync(begun, null, problem, cancellation);
            }

            Failed(row.Table, begun?.Operation ?? "measuring", problem, error is IcebergException or StorageException or OperationCanceledException ? null : error);
        }

        await store.LookedAtAsync(row, time.GetUtcNow() + again, orphansRemoved, cancellation);

        TimeSpan Sooner(TimeSpan next) => next < again ? next : again;
    }

    private async Task<(string Result, bool HasMore)> DoAsync(MaintenanceOperation operation, TableIdentifier table, MaintenanceOptions options, CancellationToken cancellation)
    {
        switch (operation)
        {
            case MaintenanceOperation.Compaction:
                var compacted = await new Compaction(catalog, files, time).RunAsync(table, options.Compaction, cancellation);
                var skipped = compacted.Skipped.Count == 0 ? "" : $"; {compacted.Skipped.Count} groups were left: {compacted.Skipped[0].Reason.Message}";
                return (Text($"{compacted.RemovedFiles:N0} data files became {compacted.AddedFiles:N0}, {compacted.RemovedDeleteFiles:N0} delete files left{skipped}"), compacted.HasMore);
            case MaintenanceOperation.ManifestRewrite:
                var rewritten = await new TableCommitter(catalog, files, time).CommitAsync(table, TableChange.RewriteManifests(), cancellation);
                return (Text($"manifests were merged in snapshot {rewritten.Snapshot.SnapshotId}"), false);
            case MaintenanceOperation.SnapshotExpiry:
                var expired = await new SnapshotExpiry(catalog, files, time).ExpireAsync(table, options.Expiry, cancellation);
                return (Text($"{expired.Snapshots.Count:N0} snapshots expired, {expired.FilesRemoved:N0} files were removed"), false);
            default:
                return (Text($"{await new OrphanFiles(catalog, files, time).RemoveAsync(table, settings.Value.OrphanGrace, cancellation):N0} files that no snapshot needs were removed"), false);
        }

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    [LoggerMessage(LogLevel.Information, "{Table}: {Operation}: {Result}")]
    private partial void Done(string table, MaintenanceOperation operation, string result);

    [LoggerMessage(LogLevel.Warning, "{Table}: {Operation} failed: {Problem}")]
    private partial void Failed(string table, string operation, string problem, Exception? unexpected);
}
