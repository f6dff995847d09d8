namespace DataLake.Pipelines.Definitions;

/// <summary>What a run does that has waited with its snapshot for as long as it may.</summary>
public enum AfterPause
{
    /// <summary>It ends, which gives its snapshot back to the source, and is tried again: the next attempt waits before it takes a snapshot.</summary>
    Retry,

    /// <summary>It goes on slowly, over one connection.</summary>
    Slow,
}
