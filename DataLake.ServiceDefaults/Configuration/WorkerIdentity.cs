namespace DataLake.ServiceDefaults.Configuration;

/// <summary>The name under which this process holds leases: machine, process and a random part, so that no two processes share one.</summary>
public sealed class WorkerIdentity
{
    /// <summary>The name.</summary>
    public string Name { get; } = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid().ToString("n")[..8]}";
}
