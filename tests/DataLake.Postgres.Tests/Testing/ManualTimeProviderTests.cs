using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Testing;

public sealed class ManualTimeProviderTests
{
    [Fact]
    public async Task Timers_fire_in_order_at_their_moments_when_the_clock_is_moved()
    {
        var clock = new ManualTimeProvider();
        var start = clock.UtcNow;
        var fired = new List<(string Name, TimeSpan At)>();
        await using var once = clock.CreateTimer(_ => fired.Add(("once", clock.UtcNow - start)), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        await using var often = clock.CreateTimer(_ => fired.Add(("often", clock.UtcNow - start)), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        var delay = Task.Delay(TimeSpan.FromSeconds(5), clock);

        clock.Advance(TimeSpan.FromSeconds(4.5));

        fired.ShouldBe([("once", TimeSpan.FromSeconds(3)), ("often", TimeSpan.FromSeconds(2)), ("often", TimeSpan.FromSeconds(4))], ignoreOrder: true);
        fired[0].Name.ShouldBe("often");
        delay.IsCompleted.ShouldBeFalse();

        clock.UtcNow = start.AddSeconds(5);
        await delay;

        clock.UtcNow = start;
        clock.GetElapsedTime(0).ShouldBe(TimeSpan.FromSeconds(5));
        clock.ActiveTimers.ShouldBe(1);
    }
}
