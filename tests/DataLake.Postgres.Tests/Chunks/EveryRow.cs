using DataLake.Contracts;
using DataLake.Postgres.Chunks;
using DataLake.Testing;
using Shouldly;

namespace DataLake.Postgres.Tests.Chunks;

/// <summary>What the chunks of the table <c>public.things</c> hold, asked of the server.</summary>
internal static class EveryRow
{
    /// <summary>Each row that the window holds is in one chunk, and no other row in any.</summary>
    public static async Task OnceAsync(TestDatabase database, IReadOnlyList<Chunk> chunks, string what, string window = ChunkPart.Everything)
    {
        var chosen = chunks.SelectMany(chunk => chunk.Parts).Select(part => $"SELECT tableoid, ctid, 1 AS time FROM {From(part)}");
        (await database.ScalarAsync<long>(
            $"""
            SELECT count(*) FROM (
                SELECT tableoid, ctid FROM (SELECT tableoid, ctid, -1 AS time FROM things WHERE {window} UNION ALL {string.Join(" UNION ALL ", chosen)}) rows
                GROUP BY tableoid, ctid HAVING sum(time) <> 0) wrong
            """)).ShouldBe(0, what);
    }

    /// <summary>The rows of each chunk.</summary>
    public static async Task<IReadOnlyList<long>> CountAsync(TestDatabase database, IReadOnlyList<Chunk> chunks)
    {
        var counts = new List<long>();
        foreach (var chunk in chunks)
        {
            counts.Add(await database.ScalarAsync<long>($"SELECT sum(rows)::int8 FROM ({string.Join(" UNION ALL ", chunk.Parts.Select(part => $"SELECT count(*) AS rows FROM {From(part)}"))}) parts"));
        }

        return counts;
    }

    private static string From(ChunkPart part) => $"{(part.Only is { } only ? $"ONLY {only.ToSql()}" : new TableName("public", "things").ToSql())} WHERE {part.Predicate}";
}
