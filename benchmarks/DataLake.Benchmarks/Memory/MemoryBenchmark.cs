using DataLake.Benchmarks.Contenders;
using DataLake.Benchmarks.Datasets;
using DataLake.Benchmarks.Hosting;
using DataLake.Benchmarks.Reporting;

namespace DataLake.Benchmarks.Memory;

/// <summary>The peak of a process that extracts, over that of one that does nothing, for tables that make it hard.</summary>
internal sealed class MemoryBenchmark(Workplace workplace, BenchmarkReport report, CancellationToken cancellation)
{
    private const double Mebibyte = 1 << 20;

    private readonly Contestants contestants = new(workplace, cancellation);
    private readonly TableMaker maker = new(workplace.ConnectionString, report.Doing);

    /// <summary>Runs it.</summary>
    /// <returns>Whether every case kept to the budget, and the one that must be refused was.</returns>
    public async Task<bool> RunAsync(IReadOnlyList<MemoryCase> cases, IReadOnlyList<int> connections, int budgetMebibytes)
    {
        var floor = (await contestants.IdleAsync()).PeakBytes!.Value;
        report.Note(
            $"Peak resident memory (VmHWM) of the process that extracts, above the {floor / Mebibyte:0} MiB of one that does nothing. Code, the runtime's compiler and all heaps are in it, what the system caches of files is not.");
        var table = report.Table("memory",
            new("case", "case"), new("rows", "rows", "N0"), new("wire_mb", "MB on the wire", "N0"), new("connections", "connections"), new("peak_mib", "peak MiB over the floor", "0"),
            new("budget_mib", "budget MiB"), new("verdict", "verdict"), new("allocated_mb", "MB allocated", "N0"), new("collections", "collections (gen 0, 1, 2)"));
        var refusals = new List<string>();
        var allGood = true;
        foreach (var one in cases)
        {
            report.Doing($"{one.Name}: makes {one.Tables.Count} table(s) of {one.AllRows:N0} rows in all, unless they are there");
            foreach (var dataset in one.Tables)
            {
                await maker.MakeAsync(dataset, one.RowsOf(dataset), cancellation);
            }

            string[] names = [.. one.Tables.Select(dataset => dataset.Name)];
            report.Doing($"{one.Name}: counts the bytes on the wire");
            var wire = (await contestants.ClientDrainAsync(names)).Worker!.WireBytes;
            foreach (var count in connections)
            {
                report.Doing($"{one.Name}: extracts {one.AllRows:N0} rows with {count} connection(s)");
                var used = (await (one.AtOnce ? contestants.DataLakeAtOnceAsync(count, names) : contestants.DataLakeAsync(count, names))).Worker!;
                var peak = (used.PeakBytes - floor) / Mebibyte;
                var isGood = peak <= budgetMebibytes && used.Refusal is not null == one.IsRefused && (one.IsRefused || used.Rows == one.AllRows);
                var verdict = (used.Refusal, one.IsRefused) switch
                {
                    (not null, false) => "REFUSED",
                    (null, true) => "NOT REFUSED",
                    _ => (isGood ? "ok" : "OVER") + (one.IsRefused ? ", refused as it must be" : ""),
                };
                table.Add(one.Name, one.AllRows, wire / 1e6, count, peak, budgetMebibytes, verdict, used.AllocatedBytes / 1e6, string.Join(", ", used.Collections));
                allGood &= isGood;
                if (used.Refusal is not null)
                {
                    refusals.Add($"{one.Name}, {count} connection(s), refused: {used.Refusal}");
                }

                workplace.RemoveOutput();
            }

            if (!workplace.IsKept)
            {
                report.Doing($"{one.Name}: drops its tables");
                await maker.DropAsync(names, cancellation);
            }
        }

        refusals.ForEach(report.Note);
        return allGood;
    }
}
