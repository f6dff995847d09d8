using DataLake.Contracts;
using DataLake.Ledger.Model;
using NoticeEvent = DataLake.Contracts.NoticeEvent;

namespace DataLake.Notifier.Composition;

/// <summary>What a person, or a program, is told of a notice. All of it is clean text; none of it is a secret.</summary>
public sealed record NoticeMessage
{
    private const int LongestSubject = 200;

    /// <summary>The notice: the same for every try and every channel.</summary>
    public required Guid NoticeId { get; init; }

    /// <summary>What happened, as a word.</summary>
    public required NoticeEvent Event { get; init; }

    /// <summary>The pipeline.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table.</summary>
    public required string Table { get; init; }

    /// <summary>The run; null where the event is not one of a run.</summary>
    public Guid? RunId { get; init; }

    /// <summary>The run's window.</summary>
    public Window? Window { get; init; }

    /// <summary>The number of the run's last attempt; null where there was none.</summary>
    public int? Attempt { get; init; }

    /// <summary>Rows of the run that are in the table; null until it is committed.</summary>
    public long? Rows { get; init; }

    /// <summary>Bytes of Parquet of the run; null until it is committed.</summary>
    public long? Bytes { get; init; }

    /// <summary>Files of the run; null until it is committed.</summary>
    public int? Files { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset RaisedAt { get; init; }

    /// <summary>All of it in one line, for example <c>[DataLake] FAILED operations public.shipments [2026-03-01 00:00:00Z, 2026-03-02 00:00:00Z)</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>What happened, in the words of the service that raised the notice; may have several lines.</summary>
    public required string WhatHappened { get; init; }

    /// <summary>Whether anything is lost.</summary>
    public required string WhatIsLost { get; init; }

    /// <summary>What happens next by itself.</summary>
    public required string WhatNext { get; init; }

    /// <summary>What the reader can do.</summary>
    public required string WhatToDo { get; init; }

    /// <summary>Composes the message of a notice.</summary>
    /// <param name="notice">The notice.</param>
    /// <param name="run">Its run as it is now, which may be further than the notice says.</param>
    public static NoticeMessage Compose(Notice notice, Run? run)
    {
        ArgumentNullException.ThrowIfNull(notice);
        var words = NoticeWords.Of(notice, run);
        var committed = run is { Status: RunStatus.Committed } ? run : null;
        return new NoticeMessage
        {
            NoticeId = notice.Id,
            Event = notice.Event,
            Pipeline = ShownText.Line(notice.Pipeline),
            Table = ShownText.Line(notice.Table),
            RunId = notice.RunId,
            Window = run?.Window,
            Attempt = run is { Attempt: > 0 } ? run.Attempt : null,
            Rows = committed?.Rows,
            Bytes = committed?.Bytes,
            Files = committed?.FileCount,
            RaisedAt = notice.RaisedAt.ToUniversalTime(),
            Subject = ShownText.Line($"[DataLake] {notice.Event.ToString().ToUpperInvariant()} {notice.Pipeline} {notice.Table} {run?.Window}", LongestSubject),
            WhatHappened = ShownText.Lines(notice.Text),
            WhatIsLost = words.WhatIsLost,
            WhatNext = words.WhatNext,
            WhatToDo = words.WhatToDo,
        };
    }
}
