using DataLake.Benchmarks.Hosting;
using DataLake.Benchmarks.Reporting;
using DataLake.Ledger.Database;
using Npgsql;

namespace DataLake.Benchmarks.Tables;

/// <summary>Iceberg tables: commits of many files, plans over many files, upserts beside DuckDB's rewriting, and many small commits.</summary>
internal sealed class TablesBenchmark(Workplace workplace, BenchmarkReport report, CancellationToken cancellation)
{
    /// <summary>What can be measured.</summary>
    public static IReadOnlyList<string> Parts { get; } = ["files", "upsert", "commits"];

    /// <summary>Settings of a ledger as it is used: it survives a crash.</summary>
    public static IReadOnlyDictionary<string, string> Ledger { get; } = new Dictionary<string, string>();

    /// <summary>Runs it.</summary>
    /// <param name="parts">Which parts; all if none is named.</param>
    /// <param name="rows">Rows of the table that is upserted into.</param>
    /// <param name="keys">New rows of an upsert.</param>
    /// <param name="commits">Commits of each of the tables with small commits.</param>
    /// <param name="repeat">How often each figure is measured.</param>
    /// <returns>Whether all targets are met.</returns>
    public async Task<bool> RunAsync(IReadOnlyCollection<string> parts, long rows, long keys, int commits, int repeat)
    {
        await using var source = NpgsqlDataSource.Create(workplace.ConnectionString);
        await LedgerDatabase.MigrateAsync(source, cancellation);
        var folder = Path.Combine(workplace.Output, "lake");
        var processes = new TableProcesses(workplace, folder, cancellation);
        await using var lake = new TableLake(folder, workplace.ConnectionString);

        // A named folder keeps its ledger; the lake is new.
        await using (var forget = source.CreateCommand("DELETE FROM iceberg.iceberg_tables")) await forget.ExecuteNonQueryAsync(cancellation);
        var isGood = true;
        if (Wants("files")) isGood &= await new ManyFiles(lake, processes, report, cancellation).RunAsync(repeat);
        if (Wants("upsert")) isGood &= await new UpsertContest(lake, processes, report, cancellation).RunAsync(rows, keys, repeat);
        if (Wants("commits")) isGood &= await new SmallCommits(lake, report, cancellation).RunAsync(commits);
        return isGood;

        bool Wants(string part) => parts.Count == 0 || parts.Contains(part);
    }
}
