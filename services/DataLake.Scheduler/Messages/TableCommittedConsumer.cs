using DataLake.Contracts;
using DataLake.Scheduler.Cycle;
using MassTransit;

namespace DataLake.Scheduler.Messages;

/// <summary>Takes <see cref="TableCommitted"/>: the next window of the table may be read now.</summary>
public sealed class TableCommittedConsumer(WakeUp wakeUp) : IConsumer<TableCommitted>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<TableCommitted> context)
    {
        wakeUp.Ring();
        return Task.CompletedTask;
    }
}
