using System.Globalization;

namespace DataLake.Iceberg.Values;

/// <summary>Dates and times of any year as ISO 8601 text, and back. Years beyond four digits bear a sign.</summary>
internal static class CalendarText
{
    public const long MicrosecondsPerDay = 86_400_000_000;
    public const long NanosecondsPerMicrosecond = 1_000;

    private const int MicrosecondDigits = 6;

    /// <summary>The year, month and day of a day number, by the proleptic Gregorian calendar.</summary>
    public static (long Year, int Month, int Day) CivilDate(long days)
    {
        // Years begin on 1 March here, so that the leap day is the last of one: then an era of 400 years is always 146,097 days.
        var shifted = days + 719_468;
        var era = FloorDivide(shifted, 146_097);
        var dayOfEra = shifted - (era * 146_097);
        var yearOfEra = (dayOfEra - (dayOfEra / 1_460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var month = ((5 * dayOfYear) + 2) / 153;
        var day = dayOfYear - (((153 * month) + 2) / 5) + 1;
        var civilMonth = (int)(month < 10 ? month + 3 : month - 9);
        return (yearOfEra + (era * 400) + (civilMonth <= 2 ? 1 : 0), civilMonth, (int)day);
    }

    /// <summary>The day number of a date.</summary>
    public static long DayNumber(long year, int month, int day)
    {
        var shifted = month <= 2 ? year - 1 : year;
        var era = FloorDivide(shifted, 400);
        var yearOfEra = shifted - (era * 400);
        var dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        return (era * 146_097) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear - 719_468;
    }

    public static long FloorDivide(long value, long divisor)
    {
        var quotient = value / divisor;
        return value % divisor < 0 ? quotient - 1 : quotient;
    }

    public static string Year(long year) => year is >= 0 and <= 9999
        ? year.ToString("D4", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{(year < 0 ? '-' : '+')}{Math.Abs(year):D4}");

    public static string Date(long days)
    {
        var (year, month, day) = CivilDate(days);
        return string.Create(CultureInfo.InvariantCulture, $"{Year(year)}-{month:D2}-{day:D2}");
    }

    /// <param name="microseconds">Since midnight.</param>
    /// <param name="everyDigit">Six digits after the point always, or only as many as are needed.</param>
    public static string Time(long microseconds, bool everyDigit)
    {
        var (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
        var text = string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:D2}:{seconds / 60 % 60:D2}:{seconds % 60:D2}");
        if (fraction == 0 && !everyDigit) return text;
        var digits = fraction.ToString("D6", CultureInfo.InvariantCulture);
        return $"{text}.{(everyDigit ? digits : digits.TrimEnd('0'))}";
    }

    public static string Timestamp(long microseconds, bool everyDigit)
    {
        var days = FloorDivide(microseconds, MicrosecondsPerDay);
        return $"{Date(days)}T{Time(microseconds - (days * MicrosecondsPerDay), everyDigit)}";
    }

    /// <summary>A timestamp of nanoseconds: nine digits after the point, or as many as are needed.</summary>
    public static string TimestampNs(long nanoseconds, bool everyDigit)
    {
        var microseconds = FloorDivide(nanoseconds, NanosecondsPerMicrosecond);
        var rest = nanoseconds - (microseconds * NanosecondsPerMicrosecond);
        if (rest == 0 && !everyDigit) return Timestamp(microseconds, everyDigit: false);
        var digits = string.Create(CultureInfo.InvariantCulture, $"{Timestamp(microseconds, everyDigit: true)}{rest:D3}");
        return everyDigit ? digits : digits.TrimEnd('0');
    }

    public static bool TryParseTimestampNs(ReadOnlySpan<char> text, out long nanoseconds)
    {
        nanoseconds = 0;
        var more = text.Length - text.IndexOf('.') - 1 - MicrosecondDigits;
        var rest = 0L;
        if (text.Contains('.') && more > 0)
        {
            if (more > 3 || !Number(text[^more..], out rest)) return false;
            for (var digits = more; digits < 3; digits++) rest *= 10;
            text = text[..^more];
        }

        if (!TryParseTimestamp(text, out var microseconds)) return false;
        var total = ((Int128)microseconds * NanosecondsPerMicrosecond) + rest;
        nanoseconds = total >= long.MinValue && total <= long.MaxValue ? (long)total : 0;
        return nanoseconds == total;
    }

    public static bool TryParseDate(ReadOnlySpan<char> text, out long days)
    {
        days = 0;
        var negative = text.StartsWith('-');
        var body = negative || text.StartsWith('+') ? text[1..] : text;
        if (body.Length < 10 || body[^3] != '-' || body[^6] != '-' || body.Length > 15) return false;
        if (!Number(body[..^6], out var year) || !Number(body[^5..^3], out var month) || !Number(body[^2..], out var day)) return false;
        if (month is < 1 or > 12 || day < 1) return false;
        year = negative ? -year : year;
        days = DayNumber(year, (int)month, (int)day);
        return CivilDate(days) == (year, (int)month, (int)day);
    }

    public static bool TryParseTime(ReadOnlySpan<char> text, out long microseconds)
    {
        microseconds = 0;
        if (text.Length < 8 || text[2] != ':' || text[5] != ':') return false;
        if (!Number(text[..2], out var hours) || !Number(text[3..5], out var minutes) || !Number(text[6..8], out var seconds)) return false;
        if (hours > 23 || minutes > 59 || seconds > 59) return false;
        var fraction = 0L;
        if (text.Length > 8)
        {
            if (text[8] != '.' || text.Length is < 10 or > 15 || !Number(text[9..], out fraction)) return false;
            for (var digits = text.Length - 9; digits < 6; digits++) fraction *= 10;
        }

        microseconds = (((((hours * 60) + minutes) * 60) + seconds) * 1_000_000) + fraction;
        return true;
    }

    public static bool TryParseTimestamp(ReadOnlySpan<char> text, out long microseconds)
    {
        microseconds = 0;
        var separator = text.IndexOf('T');
        if (separator < 0 || !TryParseDate(text[..separator], out var days) || !TryParseTime(text[(separator + 1)..], out var time)) return false;
        var total = ((Int128)days * MicrosecondsPerDay) + time;
        microseconds = total >= long.MinValue && total <= long.MaxValue ? (long)total : 0;
        return microseconds == total;
    }

    private static bool Number(ReadOnlySpan<char> text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
