namespace DataLake.Notifier.Delivery;

/// <summary>
/// When a channel that failed is tried again: after 5 s, 30 s, 2 min, 10 min, then hourly; after eight tries (some three and a half hours) it is
/// given up. Every kind of failure is tried again, refusals too: a person may mend the receiver meanwhile.
/// </summary>
internal static class DeliveryRetries
{
    /// <summary>How many times a channel is tried.</summary>
    public const int MostTries = 8;

    private static readonly TimeSpan[] Delays =
        [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)];

    /// <summary>How long to wait after the <paramref name="tries"/>th try (from 1) failed; null: give up.</summary>
    public static TimeSpan? DelayAfter(int tries) => tries >= MostTries ? null : Delays[Math.Min(tries, Delays.Length) - 1];
}
