namespace DataLake.Benchmarks.Measuring;

/// <summary>What one run of a contestant took.</summary>
/// <param name="Seconds">Wall time.</param>
/// <param name="CpuSeconds">User and system time of the client's processes; the server's is not in it.</param>
/// <param name="ServerCpuSeconds">User and system time of the server's processes meanwhile; null where it is not known.</param>
/// <param name="Worker">What the client's main process says of itself; null where it is none of ours.</param>
/// <param name="PeakBytes">The largest resident memory of the client's main process; null where it is not known.</param>
/// <param name="OutputBytes">Bytes written; null where nothing is.</param>
internal sealed record Measurement(double Seconds, double CpuSeconds, double? ServerCpuSeconds, WorkerReport? Worker, long? PeakBytes, long? OutputBytes);
