namespace DataLake.Testing;

/// <summary>The folder of a run's RAW files.</summary>
public static class RunFolder
{
    private const string Name = "/run=";

    /// <summary>The run that wrote a RAW file.</summary>
    /// <exception cref="FormatException">The path lies in no run's folder.</exception>
    public static Guid RunOf(string path)
    {
        var start = path.IndexOf(Name, StringComparison.Ordinal) + Name.Length;
        return start >= Name.Length && path.IndexOf('/', start) is var end and > 0
            ? Guid.ParseExact(path.AsSpan(start, end - start), "D")
            : throw new FormatException($"{path} is no RAW file.");
    }
}
