using DataLake.Contracts;
using DataLake.Pipelines.Schedules;
using DataLake.Pipelines.Windows;

namespace DataLake.Pipelines.Definitions;

/// <summary>
/// How one table is kept up to date. All values are resolved: the table's own, else the pipeline's <c>defaults</c> or <c>types</c>, else <see cref="DefinitionDefaults"/>.
/// </summary>
public sealed record TableDefinition
{
    /// <summary>The table in the source.</summary>
    public required TableName Table { get; init; }

    /// <summary>When the table is due.</summary>
    public required Schedule Schedule { get; init; }

    /// <summary>The column that windows are cut by; null: each run reads the whole table.</summary>
    public CursorDefinition? Cursor { get; init; }

    /// <summary>The columns that identify a row; empty: not known.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>How long a window is; null: one window per tick, from where the last stopped.</summary>
    public WindowSize? Window { get; init; }

    /// <summary>Where the first window begins; null: it reaches back to the beginning.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>How long the source may take until a row can be seen.</summary>
    public TimeSpan Lag { get; init; } = DefinitionDefaults.Lag;

    /// <summary>How much of the past each run reads again, for late commits.</summary>
    public TimeSpan Lookback { get; init; } = DefinitionDefaults.Lookback;

    /// <summary>What a run's rows do to the table.</summary>
    public required WriteMode Write { get; init; }

    /// <summary>How a read is divided.</summary>
    public ChunkingDefinition Chunks { get; init; } = DefinitionDefaults.Chunks;

    /// <summary>Runs of this table in flight at once.</summary>
    public int Concurrency { get; init; } = DefinitionDefaults.Concurrency;

    /// <summary>Attempts after the first.</summary>
    public int Retries { get; init; } = DefinitionDefaults.Retries;

    /// <summary>The pause before the first retry; it grows from there.</summary>
    public TimeSpan RetryDelay { get; init; } = DefinitionDefaults.RetryDelay;

    /// <summary>A run's longest time.</summary>
    public TimeSpan Timeout { get; init; } = DefinitionDefaults.Timeout;

    /// <summary>The table is late when it is complete to less than now minus this; null: never.</summary>
    public TimeSpan? LateAfter { get; init; }

    /// <summary>The columns that are masked while they are extracted.</summary>
    public IReadOnlyList<SensitiveColumn> Sensitive { get; init; } = [];

    /// <summary>What is decided where a type of the source has no exact counterpart.</summary>
    public TypesDefinition Types { get; init; } = DefinitionDefaults.Types;

    /// <summary>How the files are written.</summary>
    public FilesDefinition Files { get; init; } = DefinitionDefaults.Files;

    /// <summary>What is asked of the lake's table.</summary>
    public IcebergDefinition Iceberg { get; init; } = DefinitionDefaults.Iceberg;

    /// <summary>The range to read for a window: it reaches <see cref="Lookback"/> further back, though never before <see cref="Start"/>.</summary>
    public Window ReadRange(Window window)
    {
        var earliest = Start is { } start && start < window.From ? start : Contracts.Window.Beginning;
        var from = window.From - earliest > Lookback ? window.From - Lookback : earliest;
        return new Window(from < window.From ? from : window.From, window.To);
    }
}
