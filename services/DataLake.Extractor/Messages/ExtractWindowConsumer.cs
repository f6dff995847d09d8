using DataLake.Contracts;
using DataLake.Extractor.Extraction;
using MassTransit;

namespace DataLake.Extractor.Messages;

/// <summary>Takes <see cref="ExtractWindow"/>: extracts the run, and those that are read at one instant with it, if there is something to do, and says so.</summary>
public sealed class ExtractWindowConsumer(WindowExtraction extraction) : IConsumer<ExtractWindow>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ExtractWindow> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        foreach (var run in await extraction.RunAsync(context.Message.RunId, context.CancellationToken))
        {
            await context.Publish(new WindowExtracted(run));
        }
    }
}
