using System.Collections.Concurrent;
using System.Diagnostics;
using DataLake.Contracts;
using DataLake.Extractor.Leases;
using DataLake.Extractor.Memory;
using DataLake.Failpoints;
using DataLake.Iceberg;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Parquet;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Errors;
using DataLake.ServiceDefaults.Configuration;
using DataLake.ServiceDefaults.Definitions;
using DataLake.ServiceDefaults.Telemetry;
using DataLake.Storage;
using Microsoft.Extensions.Options;

namespace DataLake.Extractor.Extraction;

/// <summary>
/// One attempt at a run, from claim to receipt; or at several full loads that are to be read at one instant, which count all or none. However it ends, the ledger knows, and nothing of a lost
/// or failed attempt stays.
/// </summary>
public sealed partial class WindowExtraction(
    RunClaims claims, RunQueries runs, PipelineDefinitions definitions, WindowReader reader, MemoryBudget memory, LakeDirectory lake, WorkerIdentity worker,
    IOptions<DataLakeOptions> options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<WindowExtraction> logger)
{
    // Timers are set for up to 2^32 - 2 milliseconds.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);

    // Runs that wait for memory and are not claimed: a message that is sent again finds them here, and need not wait as well.
    private readonly ConcurrentDictionary<Guid, bool> waiting = new();

    /// <summary>Claims the run, with those that belong to it, and extracts them. Where there is no memory for it, it waits before it claims: no lease, connection or snapshot is held meanwhile.</summary>
    /// <returns>The runs whose files and receipts were recorded; none where there was nothing to do, or the attempt failed.</returns>
    public async Task<IReadOnlyList<Guid>> RunAsync(Guid runId, CancellationToken cancellation)
    {
        var marked = new List<Guid>();
        if (!Mark(runId, marked))
        {
            return [];
        }

        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
            using var share = await memory.BeginAsync(runId, stop.Token);
            while (true)
            {
                Unmark(marked);
                try
                {
                    return await AttemptAsync(runId, share, marked, cancellation);
                }
                catch (MemoryShortageException shortage)
                {
                    await share.WaitAsync(shortage.Bytes, stop.Token);
                }
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return []; // It was not claimed: another can take it.
        }
        finally
        {
            Unmark(marked);
        }
    }

    private async Task<IReadOnlyList<Guid>> AttemptAsync(Guid runId, MemoryShare share, List<Guid> marked, CancellationToken cancellation)
    {
        // None: another worker has it, it is done, or it is not due: the message was late or doubled.
        var claimed = (await ClaimAsync(runId, cancellation)).Select(run => new ClaimedRun(run, time.GetTimestamp())).ToList();
        try
        {
            if (claimed.Count == 0 || !await DefineAsync(claimed, cancellation))
            {
                return [];
            }

            Failpoint.Pass("extractor.claimed");
            if (!await ReadAsync(claimed, share, marked, cancellation))
            {
                return [];
            }

            Failpoint.Pass("extractor.files-written");
            return await RecordAsync(claimed, cancellation);
        }
        finally
        {
            claimed.Reverse();
            claimed.ForEach(run => run.Dispose());
        }
    }

    private bool Mark(Guid runId, List<Guid> marked)
    {
        var isNew = waiting.TryAdd(runId, true);
        if (isNew)
        {
            marked.Add(runId);
        }

        return isNew;
    }

    private void Unmark(List<Guid> marked)
    {
        marked.ForEach(runId => waiting.TryRemove(runId, out _));
        marked.Clear();
    }

    private async Task<IReadOnlyList<Run>> ClaimAsync(Guid runId, CancellationToken cancellation)
    {
        var lease = options.Value.Lease;
        return await runs.FindAsync(runId, cancellation) is { Kind: RunKind.Full, Status: RunStatus.Planned } full && await IsOneInstantAsync(full, cancellation)
            ? await claims.ClaimTogetherAsync(full, worker.Name, lease, cancellation)
            : await claims.ClaimAsync(runId, worker.Name, lease, cancellation) is { } run ? [run] : [];
    }

    private async Task<bool> IsOneInstantAsync(Run run, CancellationToken cancellation)
    {
        try
        {
            return (await definitions.GetAsync(run.Pipeline, run.DefinitionVersion, cancellation)).OneInstant;
        }
        catch (UnusableDefinitionException)
        {
            return false; // Told when the run is claimed.
        }
    }

    private async Task<bool> DefineAsync(List<ClaimedRun> claimed, CancellationToken cancellation)
    {
        foreach (var run in claimed)
        {
            try
            {
                run.Define(await definitions.OfAsync(run.Run, cancellation));
            }
            catch (UnusableDefinitionException error)
            {
                await FailAsync(run.Run, error.Message, canRetry: false, new RetryPolicy(0, TimeSpan.Zero), run.Step);
                await ReleaseAsync(claimed.Where(other => other != run));
                return false;
            }
        }

        return true;
    }

    private async Task<IReadOnlyList<Guid>> RecordAsync(List<ClaimedRun> claimed, CancellationToken cancellation)
    {
        // From here on the outcome is the ledger's: the files may only be removed where it says that they were not recorded.
        if (!await claims.RecordExtractedAsync([.. claimed.Select(run => new ReadRun(run.Run.Id, run.Run.Attempt, run.Receipt!))], cancellation))
        {
            claimed.ForEach(run => RemoveAttempt(run.Folder, run.Run.Attempt));
            await ReleaseAsync(claimed);
            return [];
        }

        Failpoint.Pass("extractor.receipt-recorded");
        foreach (var (run, receipt, step) in claimed.Select(run => (run.Run, run.Receipt!, run.Step)))
        {
            Measure(run, receipt, claimed[0].Started, "extracted");
            step?.SetTag("datalake.rows", receipt.Rows);
            Extracted(run.Table, run.Window.ToString(), receipt.Rows, receipt.Files.Count, receipt.Bytes, receipt.Content);
        }

        return [.. claimed.Select(run => run.Run.Id)];
    }

    /// <summary>Reads the windows in one snapshot while the leases are kept. Where that fails, the ledger is told and the attempts' files are removed.</summary>
    private async Task<bool> ReadAsync(List<ClaimedRun> claimed, MemoryShare share, List<Guid> marked, CancellationToken cancellation)
    {
        var limit = TimeSpan.FromTicks(Math.Min(claimed.Sum(run => run.Table.Timeout.Ticks), LongestTimer.Ticks));
        using var timeout = new CancellationTokenSource(limit, time);
        claimed.ForEach(run => run.Keeper = new LeaseKeeper(claims, run.Run, options.Value.Lease, time, () => run.Rows));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource([cancellation, timeout.Token, lifetime.ApplicationStopping, .. claimed.Select(run => run.Keeper!.Lost)]);
        ClaimedRun? current = null;
        try
        {
            claimed.ForEach(run => Remove(run.Folder, file => IsOf(file, run.Run.Attempt))); // what earlier attempts left
            await reader.ReadAsync(claimed, share, limit, run => current = run, stop.Token);
            return true;
        }
        catch (MemoryShortageException)
        {
            claimed.ForEach(run => Mark(run.Run.Id, marked));
            await ReleaseAsync(claimed);
            throw;
        }
        catch (Exception error)
        {
            var isStopping = lifetime.ApplicationStopping.IsCancellationRequested || cancellation.IsCancellationRequested;
            // Before the snapshot, and where the source wants its peace, it was no table's doing.
            var isOfAll = current is null || error is SourceException { Kind: SourceErrorKind.Busy };
            await EndAsync(claimed, isStopping ? [] : isOfAll ? claimed : [current!], timeout.IsCancellationRequested
                ? ($"It took longer than {limit}. Raise 'timeout' in the definition, read smaller windows, or split the table into more chunks.", true)
                : Explain(error));
            return false;
        }
        finally
        {
            foreach (var run in claimed)
            {
                await run.Keeper!.DisposeAsync();
                run.Keeper = null;
            }
        }
    }

    /// <summary>Ends attempts that were not finished. Those which are not to blame are given back, so that they can be read with the others again.</summary>
    private async Task EndAsync(List<ClaimedRun> claimed, IReadOnlyList<ClaimedRun> toBlame, (string Message, bool CanRetry) problem)
    {
        foreach (var run in claimed)
        {
            RemoveAttempt(run.Folder, run.Run.Attempt);
            Measure(run.Run, null, run.Started, "failed");
        }

        var failed = claimed.Exists(run => run.IsLost) ? [] : toBlame;
        foreach (var run in failed)
        {
            await FailAsync(run.Run, $"{run.Run.Table} {run.Run.Window} could not be read. {problem.Message}", problem.CanRetry, run.Policy, run.Step);
        }

        await ReleaseAsync(claimed.Except(failed));
    }

    private async Task ReleaseAsync(IEnumerable<ClaimedRun> claimed)
    {
        foreach (var run in claimed)
        {
            if (run.IsLost || !await claims.ReleaseAsync(run.Run.Id, run.Run.Attempt, CancellationToken.None))
            {
                LeaseLost(run.Run.Table, run.Run.Window.ToString(), run.Run.Attempt);
            }
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
            DataLakeTelemetry.CpuTime.Add(receipt.CpuSeconds ?? 0, tags);
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
        IcebergException iceberg => (iceberg.Message, false),
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
