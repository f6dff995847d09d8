namespace DataLake.Pipelines.Definitions;

/// <summary>A line in the notifier's log.</summary>
public sealed record LogChannel : NotifyChannel;
