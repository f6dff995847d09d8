using DataLake.CatalogUpdater.Commits;
using DataLake.Contracts;
using MassTransit;

namespace DataLake.CatalogUpdater.Messages;

/// <summary>Takes <see cref="WindowExtracted"/>: commits the run, and says which runs are committed now.</summary>
public sealed class WindowExtractedConsumer(RunCommit commit) : IConsumer<WindowExtracted>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<WindowExtracted> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        foreach (var run in await commit.CommitAsync(context.Message.RunId, context.CancellationToken))
        {
            await context.Publish(new TableCommitted(run.Id, run.Pipeline, run.Table));
        }
    }
}
