using DataLake.CatalogUpdater.Tables;
using DataLake.Contracts;
using DataLake.Failpoints;
using DataLake.Iceberg;
using DataLake.Ledger.Commits;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Pipelines.Definitions;
using DataLake.ServiceDefaults.Definitions;
using DataLake.ServiceDefaults.Telemetry;
using DataLake.Storage;

namespace DataLake.CatalogUpdater.Commits;

/// <summary>Commits what is extracted of a table, in the order of its windows, as many runs at once as wait. The only place that decides when a run becomes part of a table.</summary>
public sealed partial class RunCommit(RunQueries runs, TableCommits commits, LakeTableWriter tables, PipelineDefinitions definitions, ILogger<RunCommit> logger)
{
    // Their ids stand in the snapshot's summary.
    private const int MostAtOnce = 64;

    /// <summary>
    /// Commits the run and every other extracted run of its table whose turn it is: a message for one may have come before its turn.
    /// </summary>
    /// <returns>The runs that became part of the table.</returns>
    public async Task<IReadOnlyList<Run>> CommitAsync(Guid runId, CancellationToken cancellation)
    {
        if (await runs.FindAsync(runId, cancellation) is not { Status: RunStatus.Extracted } hinted)
        {
            return []; // Committed already, or read again: the message was late or doubled.
        }

        var committed = new List<Run>();

        // Where another has the turn, it looks again after it gave it back, and finds what was extracted meanwhile: nobody has to wait for a long commit.
        while ((await ReadyAsync(hinted, cancellation)).Count > 0)
        {
            await using var turn = await commits.TryTakeTurnAsync(hinted.Pipeline, hinted.Table, cancellation);
            if (turn is null)
            {
                break;
            }

            while (await ReadyAsync(hinted, cancellation) is { Count: > 0 } ready)
            {
                if (await BatchAsync(ready, cancellation) is { } batch)
                {
                    committed.AddRange(await CommitAsync(batch, cancellation));
                }
            }
        }

        return committed;
    }

    private Task<IReadOnlyList<ReadyRun>> ReadyAsync(Run hinted, CancellationToken cancellation) => commits.ReadyAsync(hinted.Pipeline, hinted.Table, MostAtOnce, cancellation);

    /// <summary>The first of the runs and those after it that can be committed with it; null where the first has no definition, and was refused.</summary>
    private async Task<(PipelineDefinition Pipeline, RunBatch Runs)?> BatchAsync(IReadOnlyList<ReadyRun> ready, CancellationToken cancellation)
    {
        try
        {
            var (pipeline, table) = await definitions.OfAsync(ready[0].Run, cancellation);
            var batch = new RunBatch(table, [ready[0]]);
            return (pipeline, batch with { Runs = [ready[0], .. ready.Skip(1).TakeWhile(next => batch.Takes(next.Run))] });
        }
        catch (UnusableDefinitionException error)
        {
            await RefuseAsync(ready[0].Run, error.Message, cancellation);
            return null;
        }
    }

    private async Task<IReadOnlyList<Run>> CommitAsync((PipelineDefinition Pipeline, RunBatch Runs) batch, CancellationToken cancellation)
    {
        var first = batch.Runs.Runs[0].Run;
        using var step = DataLakeTelemetry.StartStep("commit", first.TraceParent, first.Pipeline, first.Table, first.Id);
        BatchOutcome outcome;
        try
        {
            Failpoint.Pass("catalog.before-commit");
            outcome = await tables.CommitAsync(batch.Runs, cancellation);
        }
        catch (IcebergException error) when (error.Kind is not (IcebergErrorKind.CommitConflict or IcebergErrorKind.UnknownOutcome or IcebergErrorKind.Unavailable))
        {
            // Of several, one may be to blame: the first alone shows it, or is committed.
            if (batch.Runs.Runs.Count > 1)
            {
                return await CommitAsync(batch with { Runs = batch.Runs with { Runs = [batch.Runs.Runs[0]] } }, cancellation);
            }

            await RefuseAsync(first, error.Message, cancellation);
            return [];
        }
        catch (Exception error) when (error is IcebergException or StorageException)
        {
            await commits.NoteProblemAsync(batch.Runs.RunIds, $"Read, and not committed yet; it is tried again. {error.Message}", CancellationToken.None);
            throw;
        }

        Failpoint.Pass("catalog.table-committed");
        var announce = batch.Pipeline.ChannelsFor(batch.Runs.Table.Table, NoticeEvent.Succeeded).Count > 0;
        var committed = await commits.MarkCommittedAsync(outcome.RunIds, outcome.SnapshotId, announce, cancellation);
        Failpoint.Pass("catalog.after-commit");
        step?.SetTag("datalake.runs", committed.Count);
        foreach (var run in committed)
        {
            DataLakeTelemetry.RunsCommitted.Add(1, DataLakeTelemetry.Tags(run.Pipeline, run.Table));
            Committed(run.Table, run.Window.ToString(), run.Rows, run.FileCount, outcome.SnapshotId);
        }

        return committed;
    }

    private async Task RefuseAsync(Run run, string problem, CancellationToken cancellation)
    {
        await commits.RefuseAsync(run.Id, problem, cancellation);
        CannotCommit(run.Id, problem);
    }

    [LoggerMessage(LogLevel.Error, "Run {RunId} cannot be committed: {Problem}")]
    private partial void CannotCommit(Guid runId, string problem);

    [LoggerMessage(LogLevel.Information, "{Table} {Window} is committed: {Rows:N0} rows, {Files} file(s), snapshot {Snapshot}")]
    private partial void Committed(string table, string window, long rows, int files, long? snapshot);
}
