namespace DataLake.Extractor.Files;

/// <summary>
/// Publishes the files of one connection behind its back, in their order and one at a time: while one is checked and put on disk, the connection reads on. It is used by one thread at a time.
/// </summary>
/// <param name="onFailure">Called when a file cannot be published: nothing that comes after it is of use.</param>
internal sealed class FilePublisher(Action onFailure)
{
    // More at a time would take memory of all runs, and no time off any.
    private static readonly SemaphoreSlim Background = new(Environment.ProcessorCount);

    private Task last = Task.CompletedTask;

    /// <summary>Waits for the file before, and starts on the next; where as many are under way in this process as it has cores, the caller does it.</summary>
    public void Publish(Action publish)
    {
        Wait();
        if (!Background.Wait(0))
        {
            publish();
            return;
        }

        last = RunAsync(Task.Factory.StartNew(() => PublishAndRelease(publish), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
    }

    /// <summary>Does something once all files so far are published.</summary>
    public void Then(Action action) => last = RunAsync(DoAsync(last, action));

    /// <summary>Waits until nothing is under way.</summary>
    /// <exception cref="Exception">What kept a file from being published.</exception>
    public void Wait() => last.GetAwaiter().GetResult();

    /// <inheritdoc cref="Wait"/>
    public Task WaitAsync() => last;

    private static void PublishAndRelease(Action publish)
    {
        try
        {
            publish();
        }
        finally
        {
            Background.Release();
        }
    }

    private static async Task DoAsync(Task before, Action action)
    {
        await before;
        action();
    }

    private async Task RunAsync(Task work)
    {
        try
        {
            await work;
        }
        catch
        {
            onFailure();
            throw;
        }
    }
}
