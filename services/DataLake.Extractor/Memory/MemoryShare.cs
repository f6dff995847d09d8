namespace DataLake.Extractor.Memory;

/// <summary>What one run, or several that are read at one instant, holds of the budget. Its connections may use it at once.</summary>
internal sealed class MemoryShare(MemoryBudget budget, Guid runId) : IDisposable
{
    private readonly Lock change = new();
    private long ofRest;
    private long least;

    /// <summary>The bytes.</summary>
    public long Bytes
    {
        get
        {
            lock (change)
            {
                return MemoryBudget.SmallRun + ofRest;
            }
        }
    }

    /// <summary>Makes sure, without waiting, that the share has so many bytes, or the most that one run can have, and keeps them.</summary>
    /// <exception cref="MemoryShortageException">They are not free. <see cref="WaitAsync"/> for them once nothing else is held.</exception>
    public void Ensure(long bytes)
    {
        lock (change)
        {
            least = Fitting(bytes);
            var missing = least - MemoryBudget.SmallRun - ofRest;
            if (missing > 0)
            {
                ofRest += budget.TryTakeRest(missing) ? missing : throw new MemoryShortageException(least);
            }
        }
    }

    /// <summary>Gives back what is of no use now, and takes what is free of what is.</summary>
    /// <param name="most">The most bytes that can be used.</param>
    public void Fit(long most)
    {
        lock (change)
        {
            var useless = Math.Min(MemoryBudget.SmallRun + ofRest - Math.Max(least, most), ofRest);
            if (useless > 0)
            {
                Give(useless);
            }
            else
            {
                ofRest += budget.TakeMoreOfRest(ofRest, most - MemoryBudget.SmallRun);
            }
        }
    }

    /// <summary>Gives back all but what every run begins with, and waits for so many bytes.</summary>
    public async Task WaitAsync(long bytes, CancellationToken cancellation)
    {
        lock (change)
        {
            Give(ofRest);
        }

        var missing = Math.Max(Fitting(bytes) - MemoryBudget.SmallRun, 0);
        await budget.TakeRestAsync(missing, runId, cancellation);
        lock (change)
        {
            ofRest = missing;
        }
    }

    public void Dispose()
    {
        lock (change)
        {
            Give(ofRest);
        }

        budget.End();
    }

    private long Fitting(long bytes) => Math.Min(bytes, budget.MostOfOneRun);

    private void Give(long bytes)
    {
        ofRest -= bytes;
        if (bytes > 0)
        {
            budget.GiveRest(bytes);
        }
    }
}
