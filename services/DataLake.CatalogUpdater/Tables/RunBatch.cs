using DataLake.Contracts;
using DataLake.Iceberg.Operations;
using DataLake.Ledger.Commits;
using DataLake.Ledger.Model;
using DataLake.Pipelines.Definitions;

namespace DataLake.CatalogUpdater.Tables;

/// <summary>Extracted runs of one table that become part of it at once, in this order.</summary>
/// <param name="Table">How the table is defined, in the version that all of them follow.</param>
/// <param name="Runs">The runs, at least one.</param>
public sealed record RunBatch(TableDefinition Table, IReadOnlyList<ReadyRun> Runs)
{
    /// <summary>The pipeline.</summary>
    public string Pipeline => Runs[0].Run.Pipeline;

    /// <summary>The runs' ids.</summary>
    public IReadOnlyList<Guid> RunIds => [.. Runs.Select(run => run.Run.Id)];

    /// <summary>The files of all runs.</summary>
    public IEnumerable<RunFile> Files => Runs.SelectMany(run => run.Files);

    /// <summary>Whether another run can be committed with these. A full load replaces what was before it, and a backfill of a table without a key the windows it covers: those stand alone.</summary>
    public bool Takes(Run run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.DefinitionVersion == Runs[0].Run.DefinitionVersion && IsAddition(Runs[^1].Run) && IsAddition(run);

        bool IsAddition(Run one) => Table.Write == WriteMode.Upsert || (Table.Write == WriteMode.Append && one.Kind != RunKind.Backfill);
    }

    /// <summary>What the snapshot says of the runs beside their ids.</summary>
    public IReadOnlyDictionary<string, string> Summary()
    {
        var summary = new Dictionary<string, string>
        {
            [RunSummary.WindowFrom] = Runs.Min(run => run.Run.WindowFrom).ToString("O"),
            [RunSummary.WindowTo] = Runs.Max(run => run.Run.WindowTo).ToString("O"),
            [RunSummary.ContentHash] = RunFile.ContentOf(Files).ToString(),
        };
        if (Runs[^1].Run.SourceLsn is { } lsn) summary[RunSummary.SourceLsn] = lsn;
        return summary;
    }
}
