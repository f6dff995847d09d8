using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DataLake.Pipelines.Definitions;

/// <summary>
/// Durations as definitions write them: <c>90s</c>, <c>15m</c>, <c>1h30m</c>, <c>1d</c>, or ISO 8601 <c>PT15M</c>, <c>P1DT2H</c>, <c>P1W</c>.
/// </summary>
public static partial class DurationText
{
    /// <summary>The longest duration, about a century.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    internal const string Pattern =
        @"^(?=.)(?:[0-9]{1,9}d)?(?:[0-9]{1,9}h)?(?:[0-9]{1,9}m)?(?:[0-9]{1,9}s)?$" +
        @"|^P(?:[0-9]{1,9}W|(?=[0-9T])(?:[0-9]{1,9}D)?(?:T(?=[0-9])(?:[0-9]{1,9}H)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}S)?)?)$";

    /// <summary>Reads a duration of whole seconds, up to <see cref="Longest"/>.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (text is null || text.EndsWith('\n') || !Form().IsMatch(text))
        {
            return false;
        }

        var seconds = Part().Matches(text).Sum(part =>
            long.Parse(part.Groups["count"].Value, CultureInfo.InvariantCulture) * SecondsOf(part.Groups["unit"].Value));
        if (seconds > Longest.TotalSeconds)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    /// <summary>
    /// The shortest text that reads back as the same duration, for example <c>1h30m</c>; <c>0s</c> for none. Fractions of a second are dropped.
    /// </summary>
    public static string Format(TimeSpan duration)
    {
        var text = new StringBuilder();
        Append(duration.Days, 'd');
        Append(duration.Hours, 'h');
        Append(duration.Minutes, 'm');
        Append(duration.Seconds, 's');
        return text.Length == 0 ? "0s" : text.ToString();

        void Append(int count, char unit)
        {
            if (count != 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{count}{unit}");
            }
        }
    }

    private static long SecondsOf(string unit) => unit switch
    {
        "s" or "S" => 1,
        "m" or "M" => 60,
        "h" or "H" => 3600,
        "d" or "D" => 86_400,
        _ => 7 * 86_400,
    };

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex("(?<count>[0-9]+)(?<unit>[A-Za-z])")]
    private static partial Regex Part();
}
