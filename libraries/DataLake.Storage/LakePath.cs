using System.Globalization;
using System.Text;

namespace DataLake.Storage;

/// <summary>
/// Where things lie in a lake: relative paths with forward slashes, the same for a directory and for an object store.
/// A name that is not plain (a space, a dot-dot, a slash) is percent-encoded, so that no name can leave its folder.
/// </summary>
public static class LakePath
{
    /// <summary>The folder of RAW files of one run.</summary>
    /// <param name="source">The pipeline the rows come from.</param>
    /// <param name="table">The table, for example <c>public.shipments</c>.</param>
    /// <param name="masked">Whether columns were masked while they were read.</param>
    /// <param name="kind"><c>full</c>, <c>incremental</c> or <c>cdc</c>.</param>
    /// <param name="arrivalDate">The day (UTC) on which the run was planned.</param>
    /// <param name="runId">The run.</param>
    public static string RawRun(string source, string table, bool masked, string kind, DateOnly arrivalDate, Guid runId) =>
        string.Join('/', RawTable(source, table), masked ? "masked" : "original", kind,
            $"arrival_date={arrivalDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}", $"run={runId}");

    /// <summary>The folder of all RAW files of one table.</summary>
    public static string RawTable(string source, string table) => $"raw/{Segment(source)}/{Segment(table)}";

    /// <summary>The folder of a conformed table: its metadata, and the data files that were written for it.</summary>
    /// <param name="database">Its namespace.</param>
    /// <param name="table">Its name there.</param>
    public static string ConformedTable(string database, string table) => $"conformed/{Segment(database)}/{Segment(table)}";

    /// <summary>The name of one RAW file: it tells the attempt that wrote it, so that two attempts never share a name.</summary>
    public static string RawFile(string runFolder, int attempt, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{runFolder}/part-{attempt}-{number}.parquet");

    /// <summary>One folder or file name, with everything but letters, digits, <c>_</c>, <c>-</c> and inner dots percent-encoded as UTF-8.</summary>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty, or no text (a lone half of a surrogate pair).</exception>
    public static string Segment(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var text = new StringBuilder(name.Length);
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < name.Length;)
        {
            if (!Rune.TryGetRuneAt(name, i, out var rune))
            {
                throw new ArgumentException("A name with a lone half of a surrogate pair is no text.", nameof(name));
            }

            i += rune.Utf16SequenceLength;
            var innerDot = rune.Value == '.' && text.Length > 0 && text[^1] != '.' && i < name.Length;
            var plain = Rune.IsLetterOrDigit(rune) || rune.Value is '_' or '-' || innerDot;
            if (plain)
            {
                text.Append(rune.ToString());
                continue;
            }

            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                text.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return text.ToString();
    }
}
