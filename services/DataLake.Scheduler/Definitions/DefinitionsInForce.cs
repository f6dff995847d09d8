using DataLake.Ledger.Definitions;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Parsing;
using DataLake.ServiceDefaults.Configuration;
using DataLake.ServiceDefaults.Definitions;
using Microsoft.Extensions.Options;

namespace DataLake.Scheduler.Definitions;

/// <summary>
/// The definitions that are planned by. The files are looked at in every cycle: a changed one is a new version from then on, one with errors changes nothing.
/// </summary>
public sealed partial class DefinitionsInForce(
    DefinitionStore store, PipelineDefinitions parsed, IOptions<DataLakeOptions> options, ILogger<DefinitionsInForce> logger)
{
    private string? stamp;
    private IReadOnlyList<AppliedPipeline> current = [];

    /// <summary>The pipelines in force, after a look at the files. Call it under the scheduler's lock.</summary>
    public async Task<IReadOnlyList<AppliedPipeline>> RefreshAsync(CancellationToken cancellation)
    {
        var path = options.Value.Pipelines;
        var found = StampOf(path);
        if (found == stamp)
        {
            return current;
        }

        var folder = PipelineFolder.Load(path);
        if (folder.Errors.Count > 0)
        {
            foreach (var error in folder.Errors)
            {
                Refused(error.ToString());
            }

            if (stamp is null)
            {
                // Nothing was in force in this process yet: what the ledger has goes on.
                current = await FromLedgerAsync(cancellation);
            }

            stamp = found;
            return current;
        }

        var texts = folder.Files.Select(file => new DefinitionText(file.Definition.Name, file.Hash, file.Text, Path.GetFileName(file.Path))).ToList();
        var versions = await store.ApplyAsync(texts, cancellation);
        current = [.. folder.Files.Select(file => new AppliedPipeline(file.Definition, versions[file.Definition.Name]))];
        stamp = found;
        foreach (var pipeline in current)
        {
            InForce(pipeline.Definition.Name, pipeline.Version, pipeline.Definition.Tables.Count);
        }

        return current;
    }

    private async Task<IReadOnlyList<AppliedPipeline>> FromLedgerAsync(CancellationToken cancellation)
    {
        var pipelines = new List<AppliedPipeline>();
        foreach (var applied in await store.CurrentAsync(cancellation))
        {
            try
            {
                pipelines.Add(new AppliedPipeline(await parsed.GetAsync(applied.Pipeline, applied.Version, cancellation), applied.Version));
            }
            catch (UnusableDefinitionException error)
            {
                Refused(error.Message);
            }
        }

        return pipelines;
    }

    private static string StampOf(string path)
    {
        var files = File.Exists(path) ? [path] : Directory.Exists(path) ? Directory.GetFiles(path) : [];
        return string.Join('\n', files.Order(StringComparer.Ordinal).Select(file => $"{file} {File.GetLastWriteTimeUtc(file).Ticks} {new FileInfo(file).Length}"));
    }

    [LoggerMessage(LogLevel.Error, "Definitions were not applied; those in force stay. {Error}")]
    private partial void Refused(string error);

    [LoggerMessage(LogLevel.Information, "Pipeline {Pipeline} version {Version} is in force with {Tables} table(s)")]
    private partial void InForce(string pipeline, int version, int tables);
}

/// <summary>A pipeline in force.</summary>
/// <param name="Definition">What it says.</param>
/// <param name="Version">Its version in the ledger.</param>
public sealed record AppliedPipeline(PipelineDefinition Definition, int Version);
