namespace DataLake.SampleSource;

/// <summary>How lively the sample's applications are.</summary>
public sealed record SampleTrafficOptions
{
    /// <summary>Operations per second over all connections.</summary>
    public double OperationsPerSecond { get; init; } = 20;

    /// <summary>Connections that work at a time.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>
    /// The longest time from a row's updated_at to its commit. A transaction that would take longer is rolled back, so a window read
    /// with a lag above this is complete.
    /// </summary>
    public TimeSpan MaxLateness { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The share of inserts and updates that hold their transaction open before they commit, from 0 to 1.</summary>
    public double LateShare { get; init; } = 0.03;

    /// <summary>Chooses which operations happen, in which order.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The clock of the rate and of the waits.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
