using DataLake.Contracts;
using DataLake.Notifier.Delivery;
using MassTransit;

namespace DataLake.Notifier.Messages;

/// <summary>Takes <see cref="NoticeRaised"/>: delivers what is due of the notice.</summary>
public sealed class NoticeRaisedConsumer(NoticeDeliverer deliverer) : IConsumer<NoticeRaised>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<NoticeRaised> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return deliverer.DeliverAsync(context.Message.NoticeId, context.CancellationToken);
    }
}
