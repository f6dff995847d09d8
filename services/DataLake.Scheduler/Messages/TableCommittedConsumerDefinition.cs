using MassTransit;

namespace DataLake.Scheduler.Messages;

/// <summary>An endpoint of the scheduler's own, so that others can listen to the same message. Nothing is retried: the next tick comes anyway.</summary>
public sealed class TableCommittedConsumerDefinition : ConsumerDefinition<TableCommittedConsumer>
{
    /// <summary>The endpoint's name.</summary>
    public TableCommittedConsumerDefinition() => EndpointName = "scheduler-table-committed";
}
