using DataLake.Contracts;

namespace DataLake.Ledger.Model;

/// <summary>One piece of work: a window of a table, read once and committed once. Unique by pipeline, table, kind and window.</summary>
public sealed class Run
{
    /// <summary>The run's identity (a time-ordered UUID).</summary>
    public Guid Id { get; init; }

    /// <summary>The pipeline the table is defined in.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table, as <see cref="TableName.ToString"/> writes it.</summary>
    public required string Table { get; init; }

    /// <summary>Why the window is read.</summary>
    public RunKind Kind { get; init; }

    /// <summary>The first instant of the window, or <see cref="Window.Beginning"/>.</summary>
    public DateTimeOffset WindowFrom { get; init; }

    /// <summary>The first instant after the window. For a full load, the source's clock when it was planned.</summary>
    public DateTimeOffset WindowTo { get; init; }

    /// <summary>The backfill that asked for this run, or <see cref="Guid.Empty"/>.</summary>
    public Guid BackfillId { get; init; }

    /// <summary>The version of the pipeline's definition that the run follows: the one it was planned with, or after a failure the one in force when it was replayed.</summary>
    public int DefinitionVersion { get; set; }

    /// <summary>Where the run stands.</summary>
    public RunStatus Status { get; set; }

    /// <summary>The number of the last attempt; also the fencing token: only the attempt that bears it may record anything.</summary>
    public int Attempt { get; set; }

    /// <summary>How many attempts failed or were lost since the run was last planned.</summary>
    public int FailedAttempts { get; set; }

    /// <summary>The worker that holds the run while it is extracted.</summary>
    public string? LeaseOwner { get; set; }

    /// <summary>When that worker loses the run unless it renews its lease.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>When the run was planned.</summary>
    public DateTimeOffset PlannedAt { get; init; }

    /// <summary>The earliest time of the next attempt.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When a message was last sent for the run's present state.</summary>
    public DateTimeOffset? DispatchedAt { get; set; }

    /// <summary>When the last attempt started.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When the files and receipt were recorded.</summary>
    public DateTimeOffset? ExtractedAt { get; set; }

    /// <summary>When the run was committed or failed.</summary>
    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>Rows read: so far while the run is extracted, all of them after that.</summary>
    public long Rows { get; set; }

    /// <summary>Bytes of Parquet written.</summary>
    public long Bytes { get; set; }

    /// <summary>Number of files written.</summary>
    public int FileCount { get; set; }

    /// <summary>Processor time that the extractor's threads took for the attempt that was recorded, in seconds; null before that, and where its system cannot tell.</summary>
    public double? CpuSeconds { get; set; }

    /// <summary>The source's log position (LSN) that the snapshot read by the run belongs to, as PostgreSQL writes it.</summary>
    public string? SourceLsn { get; set; }

    /// <summary>The snapshot of the lake's table that the run is part of; null before it is committed, and where it brought nothing that a snapshot could hold.</summary>
    public long? SnapshotId { get; set; }

    /// <summary>Why the last attempt or commit failed and what to do, for a person. Holds no secret.</summary>
    public string? Error { get; set; }

    /// <summary>The W3C trace context the run was planned in, so that all its steps are one trace.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Processor seconds for a million rows, which compares runs and tables; null where there are no rows or the time is not known. Runs of few rows show what each run costs by itself.</summary>
    public double? CpuSecondsPerMillionRows => Rows > 0 ? CpuSeconds * 1_000_000 / Rows : null;

    /// <summary>The window as a value.</summary>
    public Window Window => new(WindowFrom, WindowTo);
}
