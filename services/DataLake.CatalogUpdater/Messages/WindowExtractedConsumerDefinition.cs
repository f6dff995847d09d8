using MassTransit;

namespace DataLake.CatalogUpdater.Messages;

/// <summary>How many commits are under way at a time (those of one table wait for each other in the ledger), and what is tried again. After that the scheduler's sweep sends the message anew.</summary>
public sealed class WindowExtractedConsumerDefinition : ConsumerDefinition<WindowExtractedConsumer>
{
    /// <summary>How often a commit is tried again at once.</summary>
    internal const int Retries = 3;

    /// <summary>The limits of the endpoint.</summary>
    public WindowExtractedConsumerDefinition() => ConcurrentMessageLimit = 8;

    /// <inheritdoc/>
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<WindowExtractedConsumer> consumerConfigurator, IRegistrationContext context)
    {
        ArgumentNullException.ThrowIfNull(endpointConfigurator);
        endpointConfigurator.UseMessageRetry(retry => retry.Exponential(Retries, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(500)));
    }
}
