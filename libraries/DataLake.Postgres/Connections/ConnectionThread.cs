using System.Collections.Concurrent;

namespace DataLake.Postgres.Connections;

/// <summary>
/// The thread on which everything is done that blocks on one connection, one thing after the other. It lives as long as the connection: what a thread keeps of pooled arrays
/// would be lost with it, for each query and each chunk.
/// </summary>
internal sealed class ConnectionThread : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> work = [];

    public ConnectionThread() => new Thread(Run) { IsBackground = true, Name = "PostgreSQL" }.Start();

    /// <summary>Does something on the thread. What follows it goes on elsewhere.</summary>
    public Task<T> RunAsync<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.HideScheduler | TaskCreationOptions.RunContinuationsAsynchronously, this);

    /// <summary>Lets the thread end once it has done what it was given.</summary>
    public void Dispose() => work.CompleteAdding();

    /// <inheritdoc/>
    protected override void QueueTask(Task task)
    {
        try
        {
            work.Add(task);
        }
        catch (InvalidOperationException)
        {
            ThreadPool.UnsafeQueueUserWorkItem(ended => TryExecuteTask(ended), task, preferLocal: false); // The connection is closed, and says so.
        }
    }

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => work;

    private void Run()
    {
        foreach (var task in work.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }

        work.Dispose();
    }
}
