using DataLake.Ledger;
using MassTransit;

namespace DataLake.Extractor.Messages;

/// <summary>
/// How many windows one extractor reads at a time, and what is tried again. Trouble with a source is recorded in the ledger, which knows when to
/// try again; only trouble with the ledger itself is retried here, and after that the scheduler's sweep sends the message anew.
/// </summary>
public sealed class ExtractWindowConsumerDefinition : ConsumerDefinition<ExtractWindowConsumer>
{
    /// <summary>The limits of the endpoint.</summary>
    public ExtractWindowConsumerDefinition() => ConcurrentMessageLimit = 8;

    /// <inheritdoc/>
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<ExtractWindowConsumer> consumerConfigurator, IRegistrationContext context)
    {
        ArgumentNullException.ThrowIfNull(endpointConfigurator);
        endpointConfigurator.UseMessageRetry(retry =>
        {
            retry.Handle<Exception>(LedgerException.IsTrouble);
            retry.Exponential(3, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(500));
        });
    }
}
