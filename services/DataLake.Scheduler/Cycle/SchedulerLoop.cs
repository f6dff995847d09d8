using DataLake.Ledger;
using DataLake.ServiceDefaults.Configuration;
using Microsoft.Extensions.Options;

namespace DataLake.Scheduler.Cycle;

/// <summary>Makes a round of the scheduler at every tick, for as long as the service lives.</summary>
internal sealed partial class SchedulerLoop(
    SchedulerCycle cycle, WakeUp wakeUp, IOptions<DataLakeOptions> options, ILogger<SchedulerLoop> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await cycle.RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (LedgerException.IsTrouble(error))
            {
                LedgerSilent(error.GetBaseException().Message);
            }
            catch (Exception error)
            {
                // A round that fails must not end the scheduler: the next one starts from the ledger again.
                RoundFailed(error);
            }

            await wakeUp.WaitAsync(options.Value.Tick, stoppingToken);
        }
    }

    [LoggerMessage(LogLevel.Error, "The ledger does not answer: {Problem} The scheduler tries again at its next tick")]
    private partial void LedgerSilent(string problem);

    [LoggerMessage(LogLevel.Error, "A round of the scheduler failed; the next tick tries again")]
    private partial void RoundFailed(Exception error);
}
