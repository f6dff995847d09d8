using System.Globalization;
using System.Text.RegularExpressions;

namespace DataLake.Pipelines.Definitions;

/// <summary>Sizes as definitions write them: <c>256MiB</c>, <c>1GB</c>. KB, MB and GB are powers of 1,000; KiB, MiB and GiB of 1,024.</summary>
public static partial class SizeText
{
    internal const string Pattern = "^[0-9]{1,9} ?[kKmMgG][iI]?[bB]$";

    private const string Units = "KMG";

    /// <summary>Reads a size, in bytes.</summary>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        if (text is null || text.EndsWith('\n') || !Form().IsMatch(text))
        {
            return false;
        }

        var unit = text.AsSpan().TrimStart("0123456789 ");
        bytes = long.Parse(text.AsSpan(0, text.Length - unit.Length).TrimEnd(), CultureInfo.InvariantCulture);
        for (var power = Units.IndexOf(char.ToUpperInvariant(unit[0]), StringComparison.Ordinal); power >= 0; power--)
        {
            bytes *= unit.Length == 3 ? 1024 : 1000;
        }

        return true;
    }

    /// <summary>The shortest text that reads back as the same size. Bytes that are no whole number of kilobytes of either kind are dropped.</summary>
    public static string Format(long bytes)
    {
        foreach (var (unit, size) in (ReadOnlySpan<(string, long)>)[("GiB", 1L << 30), ("GB", 1_000_000_000), ("MiB", 1L << 20), ("MB", 1_000_000), ("KiB", 1L << 10)])
        {
            if (bytes % size == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / size}{unit}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes / 1000}KB");
    }

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
