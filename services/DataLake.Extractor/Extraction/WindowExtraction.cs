using System.Diagnostics;
using DataLake.Contracts;
using DataLake.Extractor.Leases;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Parquet;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Errors;
using DataLake.ServiceDefaults.Configuration;
using DataLake.ServiceDefaults.Definitions;
using DataLake.ServiceDefaults.Failpoints;
using DataLake.ServiceDefaults.Telemetry;
using DataLake.Storage;
using Microsoft.Extensions.Options;

namespace DataLake.Extractor.Extraction;

/// <summary>One attempt at a run, from claim to receipt. However it ends, the ledger knows, and nothing of a lost or failed attempt stays.</summary>
public sealed partial class WindowExtraction(
    RunClaims claims, PipelineDefinitions definitions, WindowReader reader, LakeDirectory lake, WorkerIdentity worker,
    IOptions<DataLakeOptions> options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<WindowExtraction> logger)
{
    /// <summary>Claims the run and extracts it.</summary>
    /// <returns>Whether files and receipt were recorded; false where there was nothing to do, or the attempt failed.</returns>
    public async Task<bool> RunAsync(Guid runId, CancellationToken cancellation)
    {
        var lease = options.Value.Lease;
        var run = await claims.ClaimAsync(runId, worker.Name, lease, cancellation);
        if (run is null)
        {
            return false; // Another worker has it, it is done, or it is not due: the message was late or doubled.
        }

        using var step = DataLakeTelemetry.StartStep("extract", run.TraceParent, run.Pipeline, run.Table, run.Id);
        var started = time.GetTimestamp();
        PipelineDefinition pipeline;
        TableDefinition table;
        try
        {
            (pipeline, table) = await definitions.OfAsync(run, cancellation);
        }
        catch (UnusableDefinitionException error)
        {
            await FailAsync(run, error.Message, canRetry: false, new RetryPolicy(0, TimeSpan.Zero), step);
            return false;
        }

        Failpoint.Pass("extractor.claimed");
        var receipt = await ReadAsync(run, pipeline, table, step, cancellation);
        if (receipt is null)
        {
            return false;
        }

        Failpoint.Pass("extractor.files-written");
        // From here on the outcome is the ledger's: the files may only be removed where it says that they were not recorded.
        if (!await claims.RecordExtractedAsync(run.Id, run.Attempt, receipt, cancellation))
        {
            RemoveAttempt(WindowReader.FolderOf(run, table), run.Attempt);
            LeaseLost(run.Table, run.Window.ToString(), run.Attempt);
            return false;
        }

        Failpoint.Pass("extractor.receipt-recorded");
        Measure(run, receipt, started, "extracted");
        step?.SetTag("datalake.rows", receipt.Rows);
        Extracted(run.Table, run.Window.ToString(), receipt.Rows, receipt.Files.Count, receipt.Bytes, receipt.Content);
        return true;
    }

    /// <summary>Reads the window while the lease is kept. Where that fails, the ledger is told and the attempt's files are removed.</summary>
    private async Task<RunReceipt?> ReadAsync(Run run, PipelineDefinition pipeline, TableDefinition table, Activity? step, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var rows = 0L;
        var folder = WindowReader.FolderOf(run, table);
        await using var keeper = new LeaseKeeper(claims, run, options.Value.Lease, time, () => Interlocked.Read(ref rows));
        using var timeout = new CancellationTokenSource(table.Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, keeper.Lost, timeout.Token, lifetime.ApplicationStopping);
        try
        {
            Remove(folder, file => IsOf(file, run.Attempt)); // what earlier attempts left
            return await reader.ReadAsync(run, pipeline, table, count => Interlocked.Add(ref rows, count), stop.Token);
        }
        catch (Exception error)
        {
            RemoveAttempt(folder, run.Attempt);
            Measure(run, null, started, "failed");
            if (keeper.Lost.IsCancellationRequested)
            {
                LeaseLost(run.Table, run.Window.ToString(), run.Attempt);
            }
            else if (lifetime.ApplicationStopping.IsCancellationRequested || cancellation.IsCancellationRequested)
            {
                await claims.ReleaseAsync(run.Id, run.Attempt, CancellationToken.None);
            }
            else
            {
                var (message, canRetry) = timeout.IsCancellationRequested
                    ? ($"It took longer than {table.Timeout}. Raise 'timeout' in the definition, read smaller windows, or split the table into more chunks.", true)
                    : Explain(error);
                var policy = new RetryPolicy(table.Retries, table.RetryDelay);
                await FailAsync(run, $"{run.Table} {run.Window} could not be read. {message}", canRetry, policy, step);
            }

            return null;
        }
    }

    private async Task FailAsync(Run run, string message, bool canRetry, RetryPolicy policy, Activity? step)
    {
        step?.SetStatus(ActivityStatusCode.Error, message);
        var status = await claims.FailAsync(run.Id, run.Attempt, message, canRetry, policy, CancellationToken.None);
        if (status == RunStatus.Failed)
        {
            DataLakeTelemetry.RunsFailed.Add(1, DataLakeTelemetry.Tags(run.Pipeline, run.Table));
            RunFailed(run.Id, run.Attempt, message);
        }
        else if (status is not null)
        {
            AttemptFailed(run.Id, run.Attempt, message);
        }
    }

    private void Measure(Run run, RunReceipt? receipt, long started, string outcome)
    {
        var tags = DataLakeTelemetry.Tags(run.Pipeline, run.Table);
        if (receipt is not null)
        {
            DataLakeTelemetry.RowsExtracted.Add(receipt.Rows, tags);
            DataLakeTelemetry.BytesWritten.Add(receipt.Bytes, tags);
        }

        tags.Add("outcome", outcome);
        DataLakeTelemetry.ExtractDuration.Record(time.GetElapsedTime(started).TotalSeconds, tags);
    }

    private void RemoveAttempt(string folder, int attempt) => Remove(folder, file => !IsOf(file, attempt));

    /// <summary>Removes files of a run. One that cannot be removed is never visible, and is left to retention.</summary>
    private void Remove(string folder, Func<string, bool> keep)
    {
        try
        {
            lake.Clean(folder, keep);
        }
        catch (StorageException error)
        {
            CannotClean(folder, error.Message);
        }
    }

    private static bool IsOf(string file, int attempt) => file.TrimStart('.').StartsWith($"part-{attempt}-", StringComparison.Ordinal);

    private static (string Message, bool CanRetry) Explain(Exception error) => error switch
    {
        SourceException source => (source.Message, source.CanRetry),
        StorageException storage => (storage.Message, storage.CanRetry),
        ParquetException parquet => (parquet.Message, false),
        Pipelines.Secrets.SecretException secret => (secret.Message, false),
        _ => ($"{error.GetType().Name}: {error.Message}", true),
    };

    [LoggerMessage(LogLevel.Information, "{Table} {Window}: {Rows:N0} rows in {Files} file(s), {Bytes:N0} bytes, content {Content}")]
    private partial void Extracted(string table, string window, long rows, int files, long bytes, ContentHash content);

    [LoggerMessage(LogLevel.Warning, "Attempt {Attempt} of run {RunId} failed and is tried again: {Message}")]
    private partial void AttemptFailed(Guid runId, int attempt, string message);

    [LoggerMessage(LogLevel.Error, "Run {RunId} failed in attempt {Attempt}: {Message}")]
    private partial void RunFailed(Guid runId, int attempt, string message);

    [LoggerMessage(LogLevel.Warning, "The lease of {Table} {Window} was lost in attempt {Attempt}; its files were thrown away and another worker has the run")]
    private partial void LeaseLost(string table, string window, int attempt);

    [LoggerMessage(LogLevel.Warning, "Files of an attempt that ended could not be removed from {Folder}: {Problem}")]
    private partial void CannotClean(string folder, string problem);
}
