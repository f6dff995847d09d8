namespace DataLake.AppHost.Progress;

/// <summary>Shows what the system does: a live table in a terminal, a line per event in a pipe.</summary>
internal static class ProgressDisplay
{
    /// <summary>Shows until <paramref name="stop"/> is cancelled, then shows the last state once more.</summary>
    public static Task ShowAsync(RunWatch watch, DateTimeOffset since, CancellationToken stop) =>
        Console.IsOutputRedirected || Console.IsErrorRedirected
            ? LineProgress.ShowAsync(watch, since, stop)
            : LiveProgress.ShowAsync(watch, since, stop);

    /// <summary>Waits a moment.</summary>
    /// <returns>False when it is time to stop.</returns>
    internal static async Task<bool> PauseAsync(TimeSpan pause, CancellationToken stop)
    {
        try
        {
            await Task.Delay(pause, stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
