using DataLake.Extractor.Memory;
using DataLake.Testing;

namespace DataLake.Services.Tests.Extractor;

/// <summary>Bytes are given in the order in which they were asked for, and never more than there are.</summary>
public sealed class MemoryGateTests
{
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public async Task Who_waits_is_served_in_turn_and_nobody_passes()
    {
        var gate = new MemoryGate(100);
        await gate.TakeAsync(80, Never);
        var large = gate.TakeAsync(100, Never);
        var small = gate.TakeAsync(10, Never);

        // There is room for a small one, which would keep the large one waiting for ever if others could do the same.
        (large.IsCompleted, small.IsCompleted).ShouldBe((false, false));
        gate.TryTake(10).ShouldBeFalse();
        gate.TakeMore(0, 10).ShouldBe(0);
        gate.Give(80);
        await large;
        small.IsCompleted.ShouldBeFalse();
        gate.Give(100);
        await small;
        gate.Taken.ShouldBe(10);
    }

    [Fact]
    public async Task Who_gives_up_takes_nothing_and_lets_those_behind_go_on()
    {
        var gate = new MemoryGate(100);
        await gate.TakeAsync(80, Never);
        using var stop = new CancellationTokenSource();
        var large = gate.TakeAsync(100, stop.Token);
        var small = gate.TakeAsync(20, Never);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(large);
        await small;
        gate.Taken.ShouldBe(100);
        gate.Give(100);
        await Should.ThrowAsync<OperationCanceledException>(() => gate.TakeAsync(10, stop.Token));
        gate.Taken.ShouldBe(0);
    }

    [Fact]
    public async Task More_than_there_is_cannot_be_asked_for()
    {
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => new MemoryGate(100).TakeAsync(101, Never));
    }

    [Fact]
    public void An_eighth_of_what_others_do_not_hold_is_left_to_those_who_come_next()
    {
        var gate = new MemoryGate(800);
        var first = gate.TakeMore(0, 1000);
        first.ShouldBe(700);
        gate.TakeMore(first, 1000).ShouldBe(0);
        var second = gate.TakeMore(0, 1000);
        second.ShouldBe(84);
        gate.TakeMore(0, 3).ShouldBe(3);
        gate.Give(first + 3);
        gate.TakeMore(second, 1000).ShouldBe(616);
        gate.Taken.ShouldBe(700);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_many_do_at_once_no_more_is_taken_than_there_is_and_all_comes_back(int seed)
    {
        var gate = new MemoryGate(100);
        var held = 0L;
        await Parallel.ForEachAsync(Enumerable.Range(0, 16), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (taker, _) =>
        {
            var random = new Random((seed * 100) + taker);
            for (var i = 0; i < 300; i++)
            {
                long bytes = random.Next(1, 101);
                using var stop = new CancellationTokenSource();
                var taking = random.Next(3) switch
                {
                    0 => Task.FromResult(gate.TryTake(bytes) ? bytes : 0),
                    1 => Task.FromResult(gate.TakeMore(0, bytes)),
                    _ => TakeAsync(gate, bytes, stop.Token),
                };
                if (random.Next(2) == 0)
                {
                    await stop.CancelAsync(); // Some have theirs by now.
                }

                var taken = await taking;
                Interlocked.Add(ref held, taken).ShouldBeLessThanOrEqualTo(100);
                await Task.Yield();
                Interlocked.Add(ref held, -taken);
                gate.Give(taken);
            }
        });
        gate.Taken.ShouldBe(0);
        gate.TryTake(100).ShouldBeTrue();
    }

    private static async Task<long> TakeAsync(MemoryGate gate, long bytes, CancellationToken cancellation)
    {
        try
        {
            await gate.TakeAsync(bytes, cancellation);
            return bytes;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
    }
}
