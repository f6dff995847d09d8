using DataLake.Ledger.Model;

namespace DataLake.AppHost.Progress;

/// <summary>A plain line for every run that was committed, failed, or will be tried again.</summary>
internal static class LineProgress
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static async Task ShowAsync(RunWatch watch, DateTimeOffset since, CancellationToken stop)
    {
        var told = new HashSet<(Guid, RunStatus, int)>();
        IReadOnlyList<Run> runs = [];
        bool goOn;
        do
        {
            goOn = await ProgressDisplay.PauseAsync(Pause, stop);
            runs = await watch.LookAsync(since, runs);
            foreach (var run in runs)
            {
                if (LineOf(run) is { } line && told.Add((run.Id, run.Status, run.Attempt)))
                {
                    Console.WriteLine(line);
                }
            }
        }
        while (goOn);
    }

    private static string? LineOf(Run run) => run.Status switch
    {
        RunStatus.Committed => $"{run.FinishedAt:HH:mm:ss}  {run.Table}  {run.Window}  committed  {run.Rows:N0} rows  {run.FileCount} file(s)  {ByteSize.Of(run.Bytes)}  {Seconds(run)} s",
        RunStatus.Failed => $"{run.FinishedAt:HH:mm:ss}  {run.Table}  {run.Window}  FAILED in attempt {run.Attempt}: {run.Error}",
        RunStatus.Planned when run.Attempt > 0 && run.Error is not null => $"{run.DueAt:HH:mm:ss}  {run.Table}  {run.Window}  is tried again after attempt {run.Attempt}: {run.Error}",
        _ => null,
    };

    private static string Seconds(Run run) => (run.FinishedAt - run.StartedAt)?.TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture) ?? "?";
}
