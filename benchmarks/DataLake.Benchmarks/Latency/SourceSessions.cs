using System.Globalization;

namespace DataLake.Benchmarks.Latency;

/// <summary>When a session of the source did what: from the server's own log, so that nothing has to be built into the program that is measured.</summary>
/// <param name="LoggedIn">When the server let it in.</param>
/// <param name="Snapshot">When it asked for a snapshot.</param>
/// <param name="Copy">When it started to copy.</param>
internal sealed record SourceSession(DateTimeOffset LoggedIn, DateTimeOffset Snapshot, DateTimeOffset Copy);

/// <summary>Reads the source's log.</summary>
internal static class SourceSessions
{
    /// <summary>What makes the server write down what is needed.</summary>
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["log_line_prefix"] = "%n %p ", ["log_connections"] = "on", ["log_statement"] = "all",
    };

    /// <summary>The sessions that read rows, in the order of the log.</summary>
    public static IReadOnlyList<SourceSession> Read(string logFile)
    {
        var sessions = new List<SourceSession>();
        var loggedIn = new Dictionary<string, DateTimeOffset>();
        var snapshots = new Dictionary<string, DateTimeOffset>();
        foreach (var line in File.ReadLines(logFile))
        {
            // The time in seconds with three decimals, the session's process, the text.
            var parts = line.Split(' ', 3);
            if (parts.Length < 3 || !decimal.TryParse(parts[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
            {
                continue; // A statement's second line.
            }

            var at = DateTimeOffset.UnixEpoch.AddMilliseconds((double)(seconds * 1000));
            var (session, text) = (parts[1], parts[2]);
            if (text.Contains("connection authorized:", StringComparison.Ordinal))
            {
                loggedIn[session] = at;
                snapshots.Remove(session);
            }
            else if (text.Contains("pg_export_snapshot", StringComparison.Ordinal))
            {
                snapshots[session] = at;
            }
            else if (text.Contains("statement: COPY (", StringComparison.Ordinal) && loggedIn.TryGetValue(session, out var start) && snapshots.TryGetValue(session, out var snapshot))
            {
                sessions.Add(new SourceSession(start, snapshot, at));
            }
        }

        return sessions;
    }
}
