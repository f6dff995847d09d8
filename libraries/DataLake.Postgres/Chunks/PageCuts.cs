using System.Globalization;
using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Chunks;

/// <summary>
/// Cuts by the pages of the relations that hold a table's rows, as if they lay end to end. A row's place (ctid) does not change while a snapshot sees the row, so each is in one chunk.
/// </summary>
internal static class PageCuts
{
    private const int FirstVersionWithTidRangeScan = 140_000;

    /// <summary>Whether the server finds the rows of a range of pages without reading the others, and all the table's rows are in relations that can be read one by one.</summary>
    public static bool Fit(SourceTable table) =>
        table.ServerVersion >= FirstVersionWithTidRangeScan && table.Parts.Count > 0 && table.Parts.All(part => part.CanRead && part.Kind is 'r' or 'm');

    /// <summary>The parts of each chunk.</summary>
    public static IEnumerable<IReadOnlyList<ChunkPart>> Of(SourceTable table, ChunkSizes sizes)
    {
        var ends = sizes.Of(table.Pages).Ends.Select(end => (long)Math.Round(end, MidpointRounding.AwayFromZero)).Where(end => end > 0).Distinct().ToArray();
        var chunks = ends.Select(_ => new List<ChunkPart>()).ToArray();
        var (chunk, position) = (0, 0L);
        foreach (var part in table.Parts)
        {
            var first = 0L;
            // What is left of the part after the end of this chunk goes to the next.
            while (chunk < ends.Length - 1 && part.Pages - first > ends[chunk] - position)
            {
                var room = ends[chunk] - position;
                if (room > 0)
                {
                    chunks[chunk].Add(Pages(table, part, first, first + room));
                }

                first += room;
                position += room;
                chunk++;
            }

            // To the end, wherever that is: the relation may have grown since it was measured.
            chunks[chunk].Add(Pages(table, part, first, null));
            position += part.Pages - first;
        }

        return chunks;
    }

    private static ChunkPart Pages(SourceTable table, SourcePart part, long first, long? next)
    {
        var conditions = new[] { first == 0 ? null : $"ctid >= {Place(first)}", next is { } end ? $"ctid < {Place(end)}" : null }.Where(condition => condition is not null).ToList();
        return new ChunkPart(table.Parts.Count > 1 || part.Name != table.Name ? part.Name : null, conditions.Count == 0 ? ChunkPart.Everything : string.Join(" AND ", conditions));
    }

    private static string Place(long page) => string.Create(CultureInfo.InvariantCulture, $"'({page},0)'::tid");
}
