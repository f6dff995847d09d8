using DataLake.Contracts;
using DataLake.Ledger.Notices;
using MassTransit;

namespace DataLake.Scheduler.Dispatch;

/// <summary>Sends a message for each notice that is still to be delivered, and again while a delivery is due.</summary>
public sealed class NoticeDispatcher(NoticeStore notices, IBus bus, TimeProvider time)
{
    private static readonly TimeSpan Resend = TimeSpan.FromSeconds(5);

    /// <summary>Sends what is due.</summary>
    public async Task DispatchAsync(CancellationToken cancellation)
    {
        foreach (var notice in await notices.TakeUndispatchedAsync(time.GetUtcNow() - Resend, cancellation))
        {
            await bus.Publish(new NoticeRaised(notice), cancellation);
        }
    }
}
