namespace DataLake.Pipelines.Shapes;

/// <summary>Finds what a person probably meant.</summary>
internal static class NearestName
{
    private const int LongestWord = 64;

    /// <summary>The known name nearest to <paramref name="word"/>, or null where none is near.</summary>
    public static string? Of(string word, IEnumerable<string> known)
    {
        if (word.Length > LongestWord)
        {
            return null;
        }

        var allowed = Math.Max(1, (word.Length + 1) / 3);
        return known
            .Select(name => (Name: name, Distance: Distance(Plain(word), Plain(name))))
            .Where(candidate =>
                candidate.Distance <= allowed || (word.Length > 2 && Plain(candidate.Name).StartsWith(Plain(word), StringComparison.Ordinal)))
            .OrderBy(candidate => candidate.Distance)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();
    }

    /// <summary>Advice to follow a message: <c>; did you mean 'schedule'?</c>, or the given text where no name is near.</summary>
    public static string Advice(string word, IReadOnlyCollection<string> known, string otherwise = "") =>
        Of(word, known) is { } name ? $"; did you mean '{name}'?" : otherwise;

    // Case, and the choice of - or _, are the commonest slips and cost nothing.
    private static string Plain(string word) => word.ToUpperInvariant().Replace('-', '_');

    // Optimal string alignment distance: letters added, dropped, changed, or two swapped.
    private static int Distance(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            table[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            table[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var changed = table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                table[i, j] = Math.Min(changed, Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[a.Length, b.Length];
    }
}
