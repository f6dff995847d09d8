using DataLake.Benchmarks.Measuring;

namespace DataLake.Benchmarks.Extraction;

/// <summary>One way to get a table out of PostgreSQL.</summary>
/// <param name="Name">Its name in the results.</param>
/// <param name="Run">Runs it once.</param>
/// <param name="Connections">DataLake's connections; 0 for the others.</param>
internal sealed record Way(string Name, Func<Task<Measurement>> Run, int Connections = 0);

/// <summary>All runs of one way.</summary>
internal sealed record Runs(Way Way, IReadOnlyList<Measurement> All)
{
    /// <summary>The median of a figure; null where it is not known.</summary>
    public double? Median(Func<Measurement, double?> figure)
    {
        var sorted = All.Select(figure).OfType<double>().Order().ToList();
        return sorted.Count == 0 ? null : sorted[sorted.Count / 2];
    }

    /// <summary>The median wall time.</summary>
    public double Seconds => Median(run => run.Seconds)!.Value;
}

/// <summary>Lets the ways take turns, so that a slow moment of the machine meets all of them.</summary>
internal static class Contest
{
    public static async Task<IReadOnlyList<Runs>> RunAsync(IReadOnlyList<Way> ways, int repeat, Action<string> doing)
    {
        var runs = ways.Select(_ => new List<Measurement>()).ToArray();
        for (var turn = 1; turn <= repeat; turn++)
        {
            for (var way = 0; way < ways.Count; way++)
            {
                doing($"{ways[way].Name} (turn {turn} of {repeat})");
                runs[way].Add(await ways[way].Run());
            }
        }

        return [.. ways.Zip(runs, (way, all) => new Runs(way, all))];
    }
}
