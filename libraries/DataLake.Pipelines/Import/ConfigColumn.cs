namespace DataLake.Pipelines.Import;

/// <summary>The columns of a config table, in its order and by its names.</summary>
internal enum ConfigColumn
{
    JobName,
    LoadDate,
    LoadWindowStart,
    LoadWindowStop,
    JobFlowId,
    JobStatus,
    OutputDir,
    ScriptSource,
    DatabaseName,
    TableName,
    WindowDbColumn,
    PartitionByCol,
    LowerBound,
    UpperBound,
    NumPartitions,
}
