using DataLake.Contracts;
using DataLake.Ledger.Catalog;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Pipelines.Definitions;
using DataLake.ServiceDefaults.Definitions;
using DataLake.ServiceDefaults.Failpoints;
using DataLake.ServiceDefaults.Telemetry;

namespace DataLake.CatalogUpdater.Commits;

/// <summary>Commits what is extracted of a table, in the order of its windows. The only place that decides how a run becomes part of a table.</summary>
public sealed partial class RunCommit(RunQueries runs, TableCommits commits, PipelineDefinitions definitions, ILogger<RunCommit> logger)
{
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
        foreach (var id in await runs.ExtractedAsync(hinted, cancellation))
        {
            if (await runs.FindAsync(id, cancellation) is not { } run)
            {
                continue;
            }

            var result = await CommitOneAsync(run, cancellation);
            if (result == CommitResult.Committed)
            {
                committed.Add(run);
            }
            else if (result == CommitResult.Waits)
            {
                break;
            }
        }

        return committed;
    }

    private async Task<CommitResult> CommitOneAsync(Run run, CancellationToken cancellation)
    {
        using var step = DataLakeTelemetry.StartStep("commit", run.TraceParent, run.Pipeline, run.Table, run.Id);
        PipelineDefinition pipeline;
        TableDefinition table;
        try
        {
            (pipeline, table) = await definitions.OfAsync(run, cancellation);
        }
        catch (UnusableDefinitionException error)
        {
            await commits.RefuseAsync(run.Id, error.Message, cancellation);
            CannotCommit(run.Id, error.Message);
            return CommitResult.NotReady;
        }

        var announce = pipeline.ChannelsFor(table.Table, NoticeEvent.Succeeded).Count > 0;
        Failpoint.Pass("catalog.before-commit");
        var result = await commits.CommitAsync(run.Id, new CommitTerms(table.Write, table.Key, announce), cancellation);
        Failpoint.Pass("catalog.after-commit");
        step?.SetTag("datalake.commit", result.ToString());
        if (result == CommitResult.Committed)
        {
            DataLakeTelemetry.RunsCommitted.Add(1, DataLakeTelemetry.Tags(run.Pipeline, run.Table));
            Committed(run.Table, run.Window.ToString(), run.Rows, run.FileCount);
        }

        return result;
    }

    [LoggerMessage(LogLevel.Error, "Run {RunId} cannot be committed: {Problem}")]
    private partial void CannotCommit(Guid runId, string problem);

    [LoggerMessage(LogLevel.Information, "{Table} {Window} is committed: {Rows:N0} rows, {Files} file(s)")]
    private partial void Committed(string table, string window, long rows, int files);
}
