namespace DataLake.Pipelines.Yaml;

/// <summary>What is wrong with one file. Keeps the first hundred: a file with more is not being read by a person.</summary>
internal sealed class ProblemList
{
    private const int Kept = 100;
    private readonly List<(Position At, string Message)> problems = [];

    /// <summary>How many problems there are, kept or not.</summary>
    public int Count { get; private set; }

    public void Add(Position at, string message) => Add(at, () => message);

    /// <summary>Adds a problem whose words are made only where it is kept.</summary>
    public void Add(Position at, Func<string> message)
    {
        Count++;
        if (problems.Count < Kept)
        {
            problems.Add((at, message()));
        }
    }

    /// <summary>The problems in the order of the file.</summary>
    public IEnumerable<(Position At, string Message)> InOrder()
    {
        var ordered = problems.OrderBy(problem => problem.At.Line).ThenBy(problem => problem.At.Column).ToList();
        if (Count > Kept)
        {
            ordered.Add((ordered[^1].At, $"and {Count - Kept} more; correct these first"));
        }

        return ordered;
    }
}
