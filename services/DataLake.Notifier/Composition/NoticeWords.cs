using System.Globalization;
using DataLake.Ledger.Model;
using NoticeEvent = DataLake.Contracts.NoticeEvent;

namespace DataLake.Notifier.Composition;

/// <summary>What the notice's own text does not say: the promises of the system, put for the one event and the state of its run.</summary>
/// <param name="WhatIsLost">Whether anything is lost.</param>
/// <param name="WhatNext">What happens next by itself.</param>
/// <param name="WhatToDo">What the reader can do.</param>
internal sealed record NoticeWords(string WhatIsLost, string WhatNext, string WhatToDo)
{
    private const string NothingVisible =
        "No. The source was only read, and nothing of this run is visible in the lake: rows become visible by a commit, and there was none. "
        + "What was committed before is unchanged.";

    /// <summary>The words for a notice and its run as it is now.</summary>
    public static NoticeWords Of(Notice notice, Run? run) => notice.Event switch
    {
        NoticeEvent.Failed when run is null => FailedToPlan(notice),
        NoticeEvent.Failed => Failed(run),
        NoticeEvent.Succeeded => new(
            "No. The rows of this run became visible at once, in one commit.",
            run?.Kind switch
            {
                RunKind.Full => "The next tick of the schedule reads the table again.",
                RunKind.Backfill => "Nothing more: this window was read because somebody asked for it.",
                _ => "The next window starts where this one ends.",
            },
            $"Nothing is needed. {Look(notice)}"),
        NoticeEvent.Late => new(
            "No. Windows follow each other without a gap, so rows that are not in the lake yet come with a later commit. "
            + "Until then queries of this table see its older state.",
            "The scheduler goes on from where the last window stopped. A rule that asks for 'recovered' tells when the table has caught up.",
            $"Find out what holds it up: a failed run, a source that does not answer, or more rows than the schedule leaves time for. {Look(notice)}"),
        NoticeEvent.Recovered => new(
            "No. Windows follow each other without a gap, and one that failed is read again unchanged.",
            "The table goes on by its schedule.",
            $"Nothing is needed. {Look(notice)}"),
        _ => new("See the text above.", "See the text above.", Look(notice)),
    };

    private static NoticeWords Failed(Run run)
    {
        var look = $"`lake show {run.Id}` shows every attempt.";
        return run.Status switch
        {
            RunStatus.Committed => new(
                "No. The run was tried again after this notice was raised, and is committed now.",
                $"Nothing more: it was committed at {Time(run.FinishedAt)}.",
                $"Nothing is needed. {look}"),
            RunStatus.Failed => new(
                NothingVisible,
                $"The next tick of the table's schedule plans this run again, with the same window.{CompleteOnlyTo(run)}",
                $"Remove the cause that is named above; then nothing more is needed. {look}"),
            _ => new(
                NothingVisible,
                $"It has been planned again already, with the same window, and is {run.Status.ToString().ToLowerInvariant()} now.{CompleteOnlyTo(run)}",
                $"If it fails again, remove the cause that is named above. {look}"),
        };
    }

    private static NoticeWords FailedToPlan(Notice notice) => new(
        "No. No run was started, and what was committed before is unchanged. The first window that is planned starts where the last one stopped.",
        "The scheduler tries again at its next tick.",
        $"Remove the cause that is named above; then nothing more is needed. {Look(notice)}");

    private static string CompleteOnlyTo(Run run) => run.Kind == RunKind.Incremental && !run.Window.IsFromBeginning
        ? $" Until it is committed, the table is complete only to {Time(run.WindowFrom)}."
        : "";

    private static string Look(Notice notice) => notice.RunId is { } run ? $"`lake show {run}` shows the run." : "`lake status` shows all tables.";

    private static string Time(DateTimeOffset? instant) =>
        instant is { } known ? known.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "an unknown time";
}
