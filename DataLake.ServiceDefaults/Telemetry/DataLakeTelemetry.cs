using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace DataLake.ServiceDefaults.Telemetry;

/// <summary>The names under which the system's traces and metrics are published, and the instruments themselves.</summary>
public static class DataLakeTelemetry
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "DataLake";

    /// <summary>Starts the steps of a run. All steps of one run are one trace: its context stands in the ledger.</summary>
    public static ActivitySource Source { get; } = new(Name);

    /// <summary>The system's meter.</summary>
    public static Meter Meter { get; } = new(Name);

    /// <summary>Rows extracted, by pipeline and table.</summary>
    public static Counter<long> RowsExtracted { get; } = Meter.CreateCounter<long>("datalake.extract.rows", "{row}", "Rows read from a source and written to files.");

    /// <summary>Bytes of files written, by pipeline and table.</summary>
    public static Counter<long> BytesWritten { get; } = Meter.CreateCounter<long>("datalake.extract.bytes", "By", "Bytes of Parquet written.");

    /// <summary>Processor seconds of the threads that extracted rows, by pipeline and table. Divided by <see cref="RowsExtracted"/> it is what a row costs.</summary>
    public static Counter<double> CpuTime { get; } = Meter.CreateCounter<double>("datalake.extract.cpu", "s", "Processor time of reading rows, writing, checking and publishing files.");

    /// <summary>Seconds an attempt took, by pipeline, table and outcome.</summary>
    public static Histogram<double> ExtractDuration { get; } = Meter.CreateHistogram<double>("datalake.extract.duration", "s", "Time of one attempt to extract a window.");

    /// <summary>Seconds that reading waited for its source to calm down, by pipeline and table.</summary>
    public static Counter<double> SourceWaited { get; } = Meter.CreateCounter<double>("datalake.source.waited", "s", "Time that runs waited because their source was busier than its limits.");

    /// <summary>How often reading backed off, by pipeline.</summary>
    public static Counter<long> SourceBackOffs { get; } = Meter.CreateCounter<long>("datalake.source.backoffs", "{time}", "Times that reading a source stopped because it was busier than its limits.");

    /// <summary>Bytes that the runs of this process hold of the extractor's memory budget.</summary>
    public static UpDownCounter<long> MemoryReserved { get; } = Meter.CreateUpDownCounter<long>("datalake.extract.memory.reserved", "By", "Bytes that runs hold of the memory budget.");

    /// <summary>Runs that wait for memory before they are read.</summary>
    public static UpDownCounter<long> RunsWaitingForMemory { get; } = Meter.CreateUpDownCounter<long>("datalake.extract.memory.waiting", "{run}", "Runs that wait for memory before they are read.");

    /// <summary>Runs committed, by pipeline and table.</summary>
    public static Counter<long> RunsCommitted { get; } = Meter.CreateCounter<long>("datalake.run.committed", "{run}", "Runs that became part of their table.");

    /// <summary>Runs failed, by pipeline and table.</summary>
    public static Counter<long> RunsFailed { get; } = Meter.CreateCounter<long>("datalake.run.failed", "{run}", "Runs that are out of tries.");

    /// <summary>Starts a step of a run, in the run's trace.</summary>
    /// <param name="step">What is done, for example <c>extract</c>.</param>
    /// <param name="traceParent">The context in which the run was planned, used where no step is under way already.</param>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">The table.</param>
    /// <param name="runId">The run.</param>
    public static Activity? StartStep(string step, string? traceParent, string pipeline, string table, Guid runId)
    {
        var parent = ActivityContext.TryParse(traceParent, null, isRemote: true, out var planned) ? planned : default;
        // A message brings the context of its sender; it is used when it belongs to this run's trace.
        var sender = Activity.Current?.Context ?? default;
        var activity = Source.StartActivity(step, ActivityKind.Internal, sender.TraceId == parent.TraceId ? sender : parent);
        activity?.SetTag("datalake.pipeline", pipeline);
        activity?.SetTag("datalake.table", table);
        activity?.SetTag("datalake.run", runId.ToString());
        return activity;
    }

    /// <summary>The tags of a table's measurements.</summary>
    public static TagList Tags(string pipeline, string table) => new() { { "pipeline", pipeline }, { "table", table } };
}
