using DataLake.SampleSource;

namespace DataLake.AppHost.Embedded;

/// <summary>Keeps the sample source busy while the system runs.</summary>
internal sealed class SampleTrafficService(string connectionString) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => new SampleTraffic(connectionString).RunAsync(stoppingToken);
}
