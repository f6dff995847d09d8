using DataLake.Ledger;
using Microsoft.Extensions.Options;

namespace DataLake.CatalogUpdater.Maintenance;

/// <summary>Looks for tables that need maintenance, for as long as the service lives.</summary>
internal sealed partial class MaintenanceLoop(TableMaintainer maintainer, IOptions<MaintenanceSettings> settings, TimeProvider time, ILogger<MaintenanceLoop> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await maintainer.RunAsync(stoppingToken);
                await Task.Delay(settings.Value.Interval, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (LedgerException.IsTrouble(error))
            {
                LedgerSilent(error.GetBaseException().Message);
                await Task.Delay(settings.Value.Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception error)
            {
                // Maintenance that fails must not end the service that commits.
                LookFailed(error);
                await Task.Delay(settings.Value.Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "The ledger does not answer: {Problem} Maintenance tries again")]
    private partial void LedgerSilent(string problem);

    [LoggerMessage(LogLevel.Error, "Looking for tables that need maintenance failed; it is tried again")]
    private partial void LookFailed(Exception error);
}
