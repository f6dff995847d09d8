using System.Diagnostics.CodeAnalysis;

namespace DataLake.Pipelines.Schedules;

/// <summary>
/// When something is due. Four forms are read, told apart by how they look:
/// <list type="bullet">
/// <item>Unix cron, five fields: <c>*/5 * * * *</c>, or a macro such as <c>@daily</c>. Where both day of month and day of week are
/// given, either is enough, as in crontab(5).</item>
/// <item>Amazon EventBridge <c>cron(minutes hours day-of-month month day-of-week year)</c>, for example <c>cron(0 12 * * ? *)</c>;
/// one of the two day fields has to be <c>?</c>.</item>
/// <item>Amazon EventBridge <c>rate(5 minutes)</c>: minute(s), hour(s) or day(s), singular for 1. Counted from 1970-01-01 00:00 UTC in every
/// time zone, so that two schedulers (or one that was restarted) agree.</item>
/// <item>Quartz, six or seven fields with seconds first: <c>0 0 12 * * ?</c>.</item>
/// </list>
/// When clocks change (cron forms): a time that is skipped is due at the first instant after the gap (several skipped times, and one that
/// falls there anyway, are due once). A time that comes twice is due the first time only, unless the schedule names every
/// hour of the day (<c>*/5 * * * *</c>): that one simply goes on through both.
/// </summary>
public abstract class Schedule : IEquatable<Schedule>
{
    private protected Schedule(string text) => Text = text;

    /// <summary>The schedule as it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a schedule in any of the four forms.</summary>
    /// <exception cref="FormatException">The text is not a schedule; the message says what to write instead.</exception>
    public static Schedule Parse(string text) =>
        TryParse(text, out var schedule, out var error) ? schedule : throw new FormatException(error);

    /// <summary>Reads a schedule in any of the four forms.</summary>
    /// <param name="text">The text.</param>
    /// <param name="schedule">The schedule, where the text is one.</param>
    /// <param name="error">What is wrong and what to write instead, where it is not.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Schedule? schedule, [NotNullWhen(false)] out string? error)
    {
        (schedule, error) = ScheduleText.Read(text ?? "");
        error = error is null ? null : $"not a schedule: {error}";
        return schedule is not null;
    }

    /// <summary>The first time after <paramref name="after"/> that is due, as UTC.</summary>
    /// <param name="after">Where to start; a time that is due exactly then is not returned.</param>
    /// <param name="zone">The time zone whose clock the schedule names.</param>
    /// <returns>The time, or null where none comes any more.</returns>
    public abstract DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone);

    /// <summary>Whether both were written alike.</summary>
    public bool Equals(Schedule? other) => other is not null && Text == other.Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Schedule);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The schedule as it was written.</summary>
    public override string ToString() => Text;
}
