using System.Collections.Concurrent;
using DataLake.Contracts;
using DataLake.Ledger.Definitions;
using DataLake.Ledger.Model;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Parsing;

namespace DataLake.ServiceDefaults.Definitions;

/// <summary>Definitions as applied: a run is always done by the version it was planned with.</summary>
public sealed class PipelineDefinitions(DefinitionStore store)
{
    // A version never changes, so it is parsed once. A handful per pipeline, for as long as the process lives.
    private readonly ConcurrentDictionary<(string Pipeline, int Version), PipelineDefinition> parsed = new();

    /// <summary>One version of a pipeline.</summary>
    /// <exception cref="UnusableDefinitionException">The stored text is not understood by this version of the program.</exception>
    public async Task<PipelineDefinition> GetAsync(string pipeline, int version, CancellationToken cancellation)
    {
        if (parsed.TryGetValue((pipeline, version), out var known))
        {
            return known;
        }

        var applied = await store.GetAsync(pipeline, version, cancellation);
        var result = PipelineParser.Parse(applied.Text, applied.FileName);
        var definition = result.Pipeline ?? throw new UnusableDefinitionException(
            $"Version {version} of the pipeline '{pipeline}' is not understood by this version of DataLake: {string.Join("; ", result.Errors)}. Correct its file; the scheduler applies it as a new version.");
        return parsed.GetOrAdd((pipeline, version), definition);
    }

    /// <summary>The definition of a run's pipeline and table.</summary>
    /// <exception cref="UnusableDefinitionException">The stored text is not understood by this version of the program, or does not define the table.</exception>
    public async Task<(PipelineDefinition Pipeline, TableDefinition Table)> OfAsync(Run run, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(run);
        var pipeline = await GetAsync(run.Pipeline, run.DefinitionVersion, cancellation);
        var table = TableName.TryParse(run.Table) is { } name ? pipeline.FindTable(name) : null;
        return (pipeline, table ?? throw new UnusableDefinitionException(
            $"Version {run.DefinitionVersion} of the pipeline '{run.Pipeline}' does not define {run.Table}."));
    }
}
