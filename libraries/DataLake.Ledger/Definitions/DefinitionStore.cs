using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Definitions;

/// <summary>Definitions as applied: a text that differs from the last one becomes a new version.</summary>
public sealed class DefinitionStore(IDbContextFactory<LedgerContext> ledger, TimeProvider time)
{
    /// <summary>
    /// Makes <paramref name="definitions"/> the ones in force: new texts become new versions, and pipelines that are not among them are marked as removed.
    /// Call it under the scheduler's lock.
    /// </summary>
    /// <returns>The version in force of each pipeline, by name.</returns>
    public async Task<IReadOnlyDictionary<string, int>> ApplyAsync(IReadOnlyCollection<DefinitionText> definitions, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        var latest = (await LatestAsync(context, cancellation)).ToDictionary(row => row.Pipeline);
        var versions = new Dictionary<string, int>();
        foreach (var definition in definitions)
        {
            if (latest.Remove(definition.Pipeline, out var last) && last.Hash == definition.Hash && last.RemovedAt is null)
            {
                versions[definition.Pipeline] = last.Version;
                continue;
            }

            var version = (last?.Version ?? 0) + 1;
            versions[definition.Pipeline] = version;
            context.Definitions.Add(new AppliedDefinition
            {
                Pipeline = definition.Pipeline,
                Version = version,
                Hash = definition.Hash,
                Text = definition.Text,
                FileName = definition.FileName,
                AppliedAt = now,
            });
        }

        foreach (var gone in latest.Values.Where(row => row.RemovedAt is null))
        {
            gone.RemovedAt = now;
        }

        await context.SaveChangesAsync(cancellation);
        return versions;
    }

    /// <summary>One version of one pipeline's definition.</summary>
    /// <exception cref="LedgerException">The ledger has no such version.</exception>
    public async Task<AppliedDefinition> GetAsync(string pipeline, int version, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Definitions.AsNoTracking().SingleOrDefaultAsync(row => row.Pipeline == pipeline && row.Version == version, cancellation)
            ?? throw new LedgerException(LedgerErrorKind.Refused, $"The ledger has no version {version} of the pipeline '{pipeline}'.");
    }

    /// <summary>The definitions in force.</summary>
    public async Task<IReadOnlyList<AppliedDefinition>> CurrentAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return [.. (await LatestAsync(context, cancellation)).Where(row => row.RemovedAt is null)];
    }

    private static async Task<List<AppliedDefinition>> LatestAsync(LedgerContext context, CancellationToken cancellation) =>
        await context.Definitions
            .Where(row => row.Version == context.Definitions.Where(other => other.Pipeline == row.Pipeline).Max(other => other.Version))
            .ToListAsync(cancellation);
}
