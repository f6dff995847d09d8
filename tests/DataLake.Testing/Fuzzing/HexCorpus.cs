using System.Text;
using System.Text.RegularExpressions;

namespace DataLake.Testing.Fuzzing;

/// <summary>Bytes that once were of interest, and how they ended.</summary>
/// <param name="Target">What they are given to.</param>
/// <param name="Outcome">How that ends, in a word.</param>
/// <param name="Bytes">The bytes.</param>
public sealed record HexCase(string Target, string Outcome, byte[] Bytes);

/// <summary>A corpus in the repository: a text file with one case a line, as "target outcome hex". The tests that own it write it with DATALAKE_WRITE_CORPUS=1.</summary>
public static partial class HexCorpus
{
    /// <summary>Whether the corpus is to be written anew.</summary>
    public static bool IsToBeWritten => Environment.GetEnvironmentVariable("DATALAKE_WRITE_CORPUS") == "1";

    /// <summary>Reads a corpus.</summary>
    /// <param name="path">From the root of the repository.</param>
    public static IReadOnlyList<HexCase> Read(string path) =>
        [.. File.ReadLines(Repository.PathOf(path)).Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' ')).Select(parts => new HexCase(parts[0], parts[1], Convert.FromHexString(parts.ElementAtOrDefault(2) ?? "")))];

    /// <summary>Writes a corpus: of the cases whose refusals read alike, names and numbers left aside, the shortest.</summary>
    /// <param name="path">From the root of the repository.</param>
    /// <param name="heading">What it is, for people.</param>
    /// <param name="cases">The cases, with the words of their refusals.</param>
    public static void Write(string path, string heading, IEnumerable<(HexCase Case, string Words)> cases)
    {
        var shortest = cases.GroupBy(found => (found.Case.Target, Detail().Replace(found.Words, "#"))).Select(group => group.MinBy(found => found.Case.Bytes.Length).Case);
        var text = new StringBuilder().Append($"# {heading}\n# target outcome bytes; written by the tests with DATALAKE_WRITE_CORPUS=1\n");
        foreach (var (target, outcome, bytes) in shortest.OrderBy(kept => kept.Target, StringComparer.Ordinal).ThenBy(kept => kept.Outcome, StringComparer.Ordinal).ThenBy(kept => kept.Bytes.Length))
        {
            text.Append($"{target} {outcome} {Convert.ToHexStringLower(bytes)}".TrimEnd()).Append('\n');
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Repository.PathOf(path))!);
        File.WriteAllText(Repository.PathOf(path), text.ToString());
    }

    [GeneratedRegex("'[^']*'|[-+]?[0-9][0-9,.]*")]
    private static partial Regex Detail();
}
