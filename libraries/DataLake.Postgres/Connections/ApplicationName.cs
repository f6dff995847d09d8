namespace DataLake.Postgres.Connections;

/// <summary>What a source's administrators see of a connection (<c>pg_stat_activity.application_name</c>): which part of DataLake it is, and what for.</summary>
public static class ApplicationName
{
    /// <summary>What all names begin with, and how the governor knows DataLake's own sessions.</summary>
    public const string Prefix = "datalake ";

    // The server keeps so many bytes (NAMEDATALEN - 1).
    private const int Longest = 63;

    /// <summary>For example <c>datalake extractor operations public.orders 0d1f22aa</c>; the longest parts are shortened until it fits.</summary>
    /// <param name="parts">What the connection is for, from the general to the particular. No secrets.</param>
    public static string Of(params IReadOnlyList<string> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var room = Longest - Prefix.Length - (parts.Count - 1);
        // Before version 16 the server takes printable ASCII only.
        var shown = parts.Select(part => string.Concat(part.Select(letter => letter is > ' ' and <= '~' ? letter : '?'))).ToArray();
        while (shown.Sum(part => part.Length) > room)
        {
            var longest = Array.FindIndex(shown, part => part.Length == shown.Max(other => other.Length));
            shown[longest] = shown[longest][..^1];
        }

        return Prefix + string.Join(' ', shown);
    }

    /// <summary>The part of a run's id that tells it from others: its last 8 digits (the first ones are the time).</summary>
    public static string ShortOf(Guid run) => run.ToString("N")[^8..];
}
