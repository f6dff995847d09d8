using System.Diagnostics;
using DataLake.Extractor.Leases;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Tables;
using DataLake.ServiceDefaults.Telemetry;

namespace DataLake.Extractor.Extraction;

/// <summary>A run that this worker holds, and what it has of it so far.</summary>
/// <param name="run">The run, with the number of the attempt.</param>
/// <param name="started">The time stamp of the claim.</param>
internal sealed class ClaimedRun(Run run, long started) : IDisposable
{
    private long rows;

    public Run Run { get; } = run;

    public long Started { get; } = started;

    public Activity? Step { get; } = DataLakeTelemetry.StartStep("extract", run.TraceParent, run.Pipeline, run.Table, run.Id);

    public PipelineDefinition Pipeline { get; private set; } = null!;

    public TableDefinition Table { get; private set; } = null!;

    /// <summary>What keeps the lease, while the run is read.</summary>
    public LeaseKeeper? Keeper { get; set; }

    public SourceTable? Source { get; set; }

    public RunReceipt? Receipt { get; set; }

    /// <summary>Whether the lease was lost while the run was read.</summary>
    public bool IsLost => Keeper is { Lost.IsCancellationRequested: true };

    public string Folder => WindowReader.FolderOf(Run, Table);

    public RetryPolicy Policy => new(Table.Retries, Table.RetryDelay);

    /// <summary>Rows read so far.</summary>
    public long Rows => Interlocked.Read(ref rows);

    public void Define((PipelineDefinition Pipeline, TableDefinition Table) definition) => (Pipeline, Table) = definition;

    public void Count(long more) => Interlocked.Add(ref rows, more);

    public void Dispose() => Step?.Dispose();
}
