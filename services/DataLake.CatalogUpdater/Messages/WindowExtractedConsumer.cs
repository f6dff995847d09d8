using DataLake.CatalogUpdater.Commits;
using DataLake.Contracts;
using DataLake.Iceberg;
using DataLake.Storage;
using MassTransit;

namespace DataLake.CatalogUpdater.Messages;

/// <summary>Takes <see cref="WindowExtracted"/>: commits the run, and says which runs are committed now.</summary>
public sealed partial class WindowExtractedConsumer(RunCommit commit, ILogger<WindowExtractedConsumer> logger) : IConsumer<WindowExtracted>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<WindowExtracted> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            foreach (var run in await commit.CommitAsync(context.Message.RunId, context.CancellationToken))
            {
                await context.Publish(new TableCommitted(run.Id, run.Pipeline, run.Table));
            }
        }
        catch (Exception error) when (error is IcebergException or StorageException && context.GetRetryAttempt() == WindowExtractedConsumerDefinition.Retries)
        {
            // The run says so too, and the scheduler's sweep sends the message anew.
            NotCommitted(context.Message.RunId, error.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Run {RunId} is not committed yet, and is tried again: {Problem}")]
    private partial void NotCommitted(Guid runId, string problem);
}
