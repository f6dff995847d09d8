using DataLake.Ledger;
using MassTransit;

namespace DataLake.Notifier.Messages;

/// <summary>
/// How many notices are delivered at a time, and what is tried again. Trouble with a channel is recorded in the ledger, which knows when to try
/// again; only trouble with the ledger itself is retried here, and after that the scheduler's sweep sends the message anew.
/// </summary>
public sealed class NoticeRaisedConsumerDefinition : ConsumerDefinition<NoticeRaisedConsumer>
{
    /// <summary>The limits of the endpoint.</summary>
    public NoticeRaisedConsumerDefinition() => ConcurrentMessageLimit = 4;

    /// <inheritdoc/>
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<NoticeRaisedConsumer> consumerConfigurator, IRegistrationContext context)
    {
        ArgumentNullException.ThrowIfNull(endpointConfigurator);
        endpointConfigurator.UseMessageRetry(retry =>
        {
            retry.Handle<Exception>(LedgerException.IsTrouble);
            retry.Exponential(3, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(500));
        });
    }
}
