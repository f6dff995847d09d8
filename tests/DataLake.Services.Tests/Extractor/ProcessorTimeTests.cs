using System.Diagnostics;
using System.Security.Cryptography;
using DataLake.Extractor.Files;
using Shouldly;
using Xunit;

namespace DataLake.Services.Tests.Extractor;

/// <summary>What a run takes of the processors is what its threads work, not how long they take.</summary>
public sealed class ProcessorTimeTests
{
    private readonly ProcessorTime time = new();
    private readonly byte[] bytes = new byte[1 << 20];

    public ProcessorTimeTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not tell it.");

    [Fact]
    public void Work_counts_and_waiting_does_not()
    {
        time.Seconds.ShouldBe(0);
        var other = new ProcessorTime();
        time.Count(() => OnThread(() => other.Count(Work)));
        time.Seconds!.Value.ShouldBeInRange(double.Epsilon, other.Seconds!.Value); // It started a thread and waited for it.
    }

    [Fact]
    public void Work_inside_of_work_counts_once()
    {
        var took = Took(() => time.Count(() => time.Count(Work)));
        time.Seconds!.Value.ShouldBeInRange(double.Epsilon, took);
    }

    [Fact]
    public void Work_that_fails_counts_and_what_comes_after_it()
    {
        Should.Throw<InvalidOperationException>(() => time.Count(() =>
        {
            Work();
            throw new InvalidOperationException();
        }));
        var before = time.Seconds!.Value;
        before.ShouldBePositive();
        OnThread(() => time.Count(Work));
        time.Seconds!.Value.ShouldBeGreaterThan(before);
        before = time.Seconds!.Value;
        time.Count(Work);
        time.Seconds!.Value.ShouldBeGreaterThan(before);
    }

    private void Work()
    {
        for (var i = 0; i < 32; i++)
        {
            SHA256.HashData(bytes);
        }
    }

    private static void OnThread(ThreadStart work)
    {
        var thread = new Thread(work);
        thread.Start();
        thread.Join();
    }

    private static double Took(Action work)
    {
        var watch = Stopwatch.StartNew();
        work();
        return watch.Elapsed.TotalSeconds;
    }
}
