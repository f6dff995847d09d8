using System.Globalization;
using System.Text.RegularExpressions;
using Quartz;

namespace DataLake.Pipelines.Schedules;

/// <summary>Tells the four forms of a schedule apart and reads each.</summary>
internal static partial class ScheduleText
{
    private const int LongestText = 200;
    private const string Forms = "write a Unix cron \"*/5 * * * *\", an AWS cron(0 12 * * ? *), a rate(5 minutes), or a Quartz \"0 0 12 * * ?\"";
    private static readonly string[] EveryHour = ["*", "*/1", "0/1", "0-23", "0-23/1"];

    public static (Schedule? Schedule, string? Error) Read(string text)
    {
        var trimmed = text.Trim();
        if (trimmed.Length is 0 or > LongestText)
        {
            return (null, $"a schedule has 1 to {LongestText} characters; {Forms}");
        }

        if (AwsForm().Match(trimmed) is { Success: true } aws)
        {
            return aws.Groups["kind"].Value.ToUpperInvariant() switch
            {
                "RATE" => ReadRate(text, aws.Groups["body"].Value),
                "CRON" => ReadAwsCron(text, aws.Groups["body"].Value),
                _ => (null, $"'{aws.Groups["kind"].Value}(...)' is not a schedule that repeats; {Forms}"),
            };
        }

        var fields = Fields(trimmed);
        return (fields.Length, trimmed[0]) switch
        {
            (1, '@') => ReadCron(text, trimmed, CronFormat.Unix),
            (5, _) => ReadCron(text, string.Join(' ', fields), CronFormat.Unix),
            (6 or 7, _) => ReadCron(text, string.Join(' ', fields), CronFormat.Quartz),
            _ => (null, $"a cron has 5 fields (Unix), or 6 or 7 with seconds first (Quartz), and this has {fields.Length}; {Forms}"),
        };
    }

    private static (Schedule?, string?) ReadRate(string text, string body)
    {
        var match = RateBody().Match(body);
        if (!match.Success || !int.TryParse(match.Groups["count"].Value, CultureInfo.InvariantCulture, out var count) || count < 1)
        {
            return (null, "a rate is a whole number from 1 and minute(s), hour(s) or day(s), for example rate(5 minutes) or rate(1 hour)");
        }

        var unit = match.Groups["unit"].Value.ToUpperInvariant();
        var plural = match.Groups["plural"].Length > 0;
        if (plural == (count == 1))
        {
            var name = match.Groups["unit"].Value;
            return (null, $"as in AWS, the unit is singular for 1 and plural otherwise: write rate({count} {(count == 1 ? name : name + "s")})");
        }

        var minutes = (long)count * unit switch { "MINUTE" => 1, "HOUR" => 60, _ => 1440 };
        return minutes > 366 * 1440
            ? (null, "a rate is at most a year (366 days); use a cron for rarer times")
            : (new RateSchedule(text, TimeSpan.FromMinutes(minutes)), null);
    }

    private static (Schedule?, string?) ReadAwsCron(string text, string body)
    {
        var fields = Fields(body);
        if (fields.Length != 6)
        {
            return (null, $"an AWS cron has 6 fields (minutes hours day-of-month month day-of-week year) and this has {fields.Length}, " +
                "for example cron(0 12 * * ? *)");
        }

        return (fields[2] == "?") == (fields[4] == "?")
            ? (null, "in an AWS cron exactly one of day-of-month and day-of-week is '?', for example cron(0 12 * * ? *) or cron(0 8 ? * MON-FRI *)")
            : ReadCron(text, "0 " + string.Join(' ', fields), CronFormat.Quartz);
    }

    private static (Schedule?, string?) ReadCron(string text, string cron, CronFormat format)
    {
        if (cron.Equals("@reboot", StringComparison.OrdinalIgnoreCase))
        {
            return (null, "@reboot names no time; use @hourly, @daily, @weekly, @monthly or @yearly");
        }

        CronExpression expression;
        try
        {
            expression = CronExpression.Parse(cron, format);
        }
        catch (FormatException error)
        {
            return (null, $"{error.Message.TrimEnd('.')}; {Forms}");
        }

        return CronSchedule.EverComes(expression)
            ? (new CronSchedule(text, expression, EveryHour.Contains(Fields(expression.CronExpressionString)[2])), null)
            : (null, "this never comes: there is no such date in any year");
    }

    private static string[] Fields(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"^(?<kind>[A-Za-z]+)\s*\((?<body>[^()]*)\)$")]
    private static partial Regex AwsForm();

    [GeneratedRegex(@"^\s*(?<count>[0-9]{1,9})\s+(?<unit>minute|hour|day)(?<plural>s?)\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex RateBody();
}
