using DataLake.Ledger;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;

namespace DataLake.AppHost.Progress;

/// <summary>Looks at the ledger now and then: what it says of runs is what people are shown.</summary>
internal sealed class RunWatch(RunQueries runs)
{
    /// <summary>The runs since <paramref name="since"/>; what was last seen, while the ledger does not answer.</summary>
    public async Task<IReadOnlyList<Run>> LookAsync(DateTimeOffset since, IReadOnlyList<Run> last)
    {
        try
        {
            return await runs.SinceAsync(since, CancellationToken.None);
        }
        catch (Exception error) when (LedgerException.IsTrouble(error))
        {
            return last; // The services say so in the log; the display goes on.
        }
    }
}
