using System.Globalization;
using System.Text.RegularExpressions;

namespace DataLake.Pipelines.Import;

/// <summary>
/// Times as config tables write them: ISO dates and times; <c>2018-11-04 00:00:000</c>, where the seconds are missing and the
/// milliseconds stick to the minutes; and American dates such as <c>11/5/18</c>.
/// </summary>
internal static partial class ConfigTime
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFF", "yyyy-MM-dd HH:mm:ss:fff",
        "M/d/yy", "M/d/yyyy", "M/d/yy HH:mm", "M/d/yyyy HH:mm", "M/d/yy HH:mm:ss", "M/d/yyyy HH:mm:ss",
    ];

    public static bool TryParse(string text, out DateTime time)
    {
        var plain = MillisecondsForSeconds().Replace(text.Replace('T', ' '), "${minutes}:00.${milliseconds}");
        return DateTime.TryParseExact(plain, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
    }

    [GeneratedRegex(@"^(?<minutes>[0-9-]+ [0-9]{2}:[0-9]{2}):(?<milliseconds>[0-9]{3})\z")]
    private static partial Regex MillisecondsForSeconds();
}
