using DataLake.Iceberg.Planning;

namespace DataLake.Iceberg.Maintenance;

/// <summary>
/// Packs files of a partition into groups of about the target size. A group of small files is one only if it fills a file, or has enough files and none of them outweighs all others together: so that
/// each time a row is written anew its file has doubled at least, and a row is written a few times in its life and not with every compaction.
/// </summary>
internal static class FileGroups
{
    // Groups that are filled at the same time: files that came one after another stay together, which keeps bounds narrow.
    private const int OpenGroups = 10;

    /// <summary>The groups of a partition.</summary>
    /// <param name="files">Its files that are small, or must be written anew; oldest first.</param>
    /// <param name="mustRewrite">Whether a file must be written anew whatever its size.</param>
    /// <param name="options">What a group may have.</param>
    public static IEnumerable<IReadOnlyList<ScanFile>> Of(IEnumerable<ScanFile> files, Func<ScanFile, bool> mustRewrite, CompactionOptions options)
    {
        var open = new List<(List<ScanFile> Files, long Bytes)>();
        foreach (var file in files)
        {
            var bytes = file.Data.DataFile.FileSizeInBytes;
            var at = open.FindIndex(group => group.Bytes + bytes <= options.TargetFileBytes);
            if (at < 0)
            {
                open.Add(([], 0));
                at = open.Count - 1;
            }

            open[at].Files.Add(file);
            open[at] = (open[at].Files, open[at].Bytes + bytes);
            if (open.Count <= OpenGroups) continue;
            if (Worthwhile(open[0].Files, mustRewrite, options) is { Count: > 0 } full) yield return full;
            open.RemoveAt(0);
        }

        foreach (var (group, _) in open)
            if (Worthwhile(group, mustRewrite, options) is { Count: > 0 } rest) yield return rest;
    }

    /// <summary>Those files of a full group that are worth the work together, and those that must be written anew in any case.</summary>
    private static List<ScanFile> Worthwhile(List<ScanFile> group, Func<ScanFile, bool> mustRewrite, CompactionOptions options)
    {
        var left = new HashSet<ScanFile>(group, ReferenceEqualityComparer.Instance);
        var bytes = group.Sum(BytesOf);
        while (left.Count < 2 || bytes < options.SmallBytes)
        {
            var largest = left.MaxBy(BytesOf);
            if (largest is null || (left.Count >= Math.Max(2, options.MinFiles) && BytesOf(largest) <= bytes - BytesOf(largest))) break;
            left.Remove(largest);
            bytes -= BytesOf(largest);
        }

        return group.FindAll(file => left.Contains(file) || mustRewrite(file));
    }

    private static long BytesOf(ScanFile file) => file.Data.DataFile.FileSizeInBytes;
}
