using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Runs;

/// <summary>Reads runs for people and for the next step.</summary>
public sealed class RunQueries(IDbContextFactory<LedgerContext> ledger)
{
    /// <summary>A run, or null.</summary>
    public async Task<Run?> FindAsync(Guid id, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Runs.AsNoTracking().SingleOrDefaultAsync(run => run.Id == id, cancellation);
    }

    /// <summary>Runs by their ids; those that the ledger does not know are missing.</summary>
    public async Task<IReadOnlyDictionary<Guid, Run>> FindAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var wanted = ids.ToArray();
        return await context.Runs.AsNoTracking().Where(run => wanted.Contains(run.Id)).ToDictionaryAsync(run => run.Id, cancellation);
    }

    /// <summary>The runs whose id starts or ends with <paramref name="part"/>: people copy parts of ids. At most ten.</summary>
    public async Task<IReadOnlyList<Run>> FindByPartAsync(string part, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(part);
        var text = part.Trim().ToLowerInvariant();
        if (text.Length == 0 || !text.All(letter => char.IsAsciiHexDigit(letter) || letter == '-'))
        {
            return [];
        }

        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Runs
            .FromSql($"SELECT * FROM datalake.runs WHERE id::text LIKE {text + "%"} OR id::text LIKE {"%" + text} LIMIT 10")
            .AsNoTracking().ToListAsync(cancellation);
    }

    /// <summary>The latest runs, newest first, of all tables or of one, in any state or in one.</summary>
    public async Task<IReadOnlyList<Run>> LatestAsync(string? pipeline, string? table, RunStatus? status, int limit, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Runs.AsNoTracking()
            .Where(run => (pipeline == null || run.Pipeline == pipeline) && (table == null || run.Table == table) && (status == null || run.Status == status))
            .OrderByDescending(run => run.PlannedAt).ThenByDescending(run => run.WindowTo).Take(limit).ToListAsync(cancellation);
    }

    /// <summary>Runs planned or finished since <paramref name="since"/>, or still open, oldest first.</summary>
    public async Task<IReadOnlyList<Run>> SinceAsync(DateTimeOffset since, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Runs.AsNoTracking()
            .Where(run => run.PlannedAt >= since || run.FinishedAt >= since || (run.Status != RunStatus.Committed && run.Status != RunStatus.Failed))
            .OrderBy(run => run.Pipeline).ThenBy(run => run.Table).ThenBy(run => run.WindowTo).ToListAsync(cancellation);
    }

    /// <summary>The attempts of a run, first to last.</summary>
    public async Task<IReadOnlyList<RunAttempt>> AttemptsAsync(Guid runId, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Attempts.AsNoTracking().Where(row => row.RunId == runId).OrderBy(row => row.Number).ToListAsync(cancellation);
    }

    /// <summary>The files of a run.</summary>
    public async Task<IReadOnlyList<RunFile>> FilesAsync(Guid runId, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Files.AsNoTracking().Where(row => row.RunId == runId).OrderBy(row => row.Number).ToListAsync(cancellation);
    }
}
