using System.Globalization;
using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Schedules;
using DataLake.Pipelines.Shapes;
using DataLake.Pipelines.Windows;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Parsing;

/// <summary>A point in time as a definition writes it; without an offset it is on the pipeline's wall clock.</summary>
internal sealed record StartText(DateTime Local, TimeSpan? Offset);

/// <summary>A cursor as the file has it.</summary>
/// <param name="Column">The column.</param>
/// <param name="TimeZone">Its zone; null for the pipeline's.</param>
internal sealed record CursorText(string Column, TimeZoneInfo? TimeZone);

/// <summary>The kinds of values that definitions are made of.</summary>
internal static class Values
{
    private static readonly string[] StartFormats = [.. from date in (string[])["yyyy-MM-dd"]
                                                        from separator in (string[])["'T'", "' '"]
                                                        from time in (string[])["", "HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFF"]
                                                        from offset in (string[])["", "K"]
                                                        where time.Length > 0 || offset.Length == 0
                                                        select time.Length == 0 ? date : date + separator + time + offset];

    public static readonly Shape<string> PipelineName = new TextShape<string>(
        "a name of letters, digits, _ and - that begins with a letter, up to 63 long", AsIs, "^[A-Za-z][A-Za-z0-9_-]{0,62}$");

    public static readonly Shape<string> Column = new TextShape<string>(
        "the name of a column, up to 63 characters", AsIs, @"^[^\u0000-\u001f\u007f]{1,63}$");

    public static readonly Shape<TableName> Table = new TextShape<TableName>(
        "a table: schema.table, each part in double quotes where it is not a plain word", NotNull(TableName.TryParse));

    public static readonly Shape<SecretReference> Secret = new TextShape<SecretReference>(
        "a reference to a secret: env:NAME, file:/path, ssm:/path/name or secretsmanager:name (never the secret itself)",
        NotNull(text => SecretReference.TryParse(text, out var reference) ? reference : null),
        SecretReference.Pattern,
        isSecret: true);

    public static readonly Shape<TimeSpan> Duration = new TextShape<TimeSpan>(DurationWords, ReadDuration, DurationText.Pattern);

    public static readonly Shape<TimeSpan> PositiveDuration = Duration.Then<TimeSpan>((duration, node, problems) =>
    {
        if (duration == TimeSpan.Zero)
        {
            problems.Add(node.At, "this is no time at all; write at least 1s, or leave the key out");
        }

        return duration;
    });

    /// <summary>A size in bytes.</summary>
    public static Shape<long> Size(long least, long most)
    {
        var words = $"a size from {SizeText.Format(least)} to {SizeText.Format(most)} such as 256MB";
        return new TextShape<long>(words, (string text, out string? error) =>
        {
            error = SizeText.TryParse(text, out var bytes) && bytes >= least && bytes <= most ? null : $"is out of range; write {words}";
            return bytes;
        }, SizeText.Pattern);
    }

    public static readonly Shape<WindowSize> WindowSize = PositiveDuration.Then((duration, _, _) =>
        duration == TimeSpan.Zero ? null : new WindowSize(duration));

    public static readonly Shape<Schedule> Schedule = new TextShape<Schedule>(
        "a schedule: \"*/5 * * * *\" (Unix cron), cron(0 12 * * ? *) (AWS), rate(5 minutes), or \"0 0 12 * * ?\" (Quartz)", ReadSchedule);

    public static readonly Shape<TimeZoneInfo> TimeZone = new TextShape<TimeZoneInfo>("a time zone such as UTC or Europe/Amsterdam", ReadTimeZone);

    public static readonly Shape<StartText> Start = new TextShape<StartText>(
        "a date such as 2024-01-01 or a time such as 2024-01-01T06:00:00Z",
        ReadStart,
        @"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?$");

    public static readonly Shape<string> Host = new TextShape<string>("a host name or address", AsIs, @"^[A-Za-z0-9.:_-]{1,253}$");

    public static readonly Shape<string> MailAddress = new TextShape<string>(
        "a mail address such as data@example.org", AsIs, @"^[^\s@,;<>]{1,64}@[^\s@,;<>]{1,253}$");

    public static Shape<long> WholeNumber(long least, long most) => new WholeNumberShape(least, most);

    private static readonly Dictionary<string, Mask> Masks = new(StringComparer.Ordinal)
    {
        ["null"] = Mask.Null,
        ["redact"] = Mask.Redact,
        ["hash"] = Mask.Hash,
        ["partial"] = Mask.Partial,
        ["date_shift"] = Mask.DateShift,
    };

    public static readonly Shape<Mask> MaskChoice = new ChoiceShape<Mask>(Masks, nullMeans: "null");

    /// <summary>The word for a mask.</summary>
    public static string NameOf(Mask mask) => Masks.First(option => option.Value == mask).Key;

    private const string DurationWords = "a duration such as 90s, 15m, 1h30m, 1d or PT15M";

    /// <summary>A place for the webhook's address: the address, or a reference to it.</summary>
    public static readonly Shape<WebhookChannel> WebhookUrl = new TextShape<WebhookChannel>(
        "an https:// address without a user or password in it (http:// only for this machine), or a reference such as env:HOOK_URL",
        ReadUrl,
        isSecret: true);

    private static string AsIs(string text, out string? error)
    {
        error = null;
        return text;
    }

    private static TextReader<T> NotNull<T>(Func<string, T?> read)
        where T : class => (string text, out string? error) =>
    {
        error = null;
        return read(text);
    };

    private static TimeSpan ReadDuration(string text, out string? error)
    {
        error = DurationText.TryParse(text, out var duration) ? null : $"is longer than {DurationText.Format(DurationText.Longest)}; write {DurationWords}";
        return duration;
    }

    private static Schedule? ReadSchedule(string text, out string? error)
    {
        error = Schedules.Schedule.TryParse(text, out var schedule, out var reason) ? null : $"is {reason}";
        return schedule;
    }

    private static TimeZoneInfo? ReadTimeZone(string text, out string? error)
    {
        error = null;
        if (text is "UTC" or "Etc/UTC")
        {
            return TimeZoneInfo.Utc;
        }

        // The system may hold other files beside the zones' ("localtime", "posixrules"), and those differ from machine to machine.
        if (text.Length <= 64 && char.IsAsciiLetterUpper(text[0]) && TimeZoneInfo.TryFindSystemTimeZoneById(text, out var zone))
        {
            return zone;
        }

        var known = TimeZoneInfo.GetSystemTimeZones().Select(candidate => candidate.Id).ToList();
        error = $"is not a time zone of the IANA database{NearestName.Advice(text, known, "; write one such as UTC or Europe/Amsterdam")}";
        return null;
    }

    private static StartText? ReadStart(string text, out string? error)
    {
        error = null;
        if (!DateTimeOffset.TryParseExact(text, StartFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            error = "is no such day or time; write a date such as 2024-01-01 or a time such as 2024-01-01T06:00:00Z";
            return null;
        }

        var hasOffset = text.EndsWith('Z') || (text.Length > 16 && text[^6] is '+' or '-');
        return new StartText(time.DateTime, hasOffset ? time.Offset : null);
    }

    private static WebhookChannel? ReadUrl(string text, out string? error)
    {
        error = null;
        if (SecretReference.TryParse(text, out var reference))
        {
            return new WebhookChannel(null, reference, null);
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            ? new WebhookChannel(url, null, null)
            : null;
    }
}
