using DataLake.Notifier.Composition;
using NoticeEvent = DataLake.Contracts.NoticeEvent;

namespace DataLake.Notifier.Channels;

/// <summary>Writes a notice as one line of the notifier's log, as loud as the event.</summary>
public sealed partial class LogSender(ILogger<LogSender> logger)
{
    /// <summary>Writes the line.</summary>
    public void Send(NoticeMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var level = LevelOf(message.Event);
        var whatHappened = ShownText.Line(message.WhatHappened);
        LogNotice(level, message.Subject, whatHappened, message.WhatNext, message.WhatToDo, message.Pipeline, message.RunId);
    }

    private static LogLevel LevelOf(NoticeEvent notice) => notice switch
    {
        NoticeEvent.Failed => LogLevel.Error,
        NoticeEvent.Late => LogLevel.Warning,
        _ => LogLevel.Information,
    };

    [LoggerMessage("{Subject}: {WhatHappened} {WhatNext} {WhatToDo} (pipeline {Pipeline}, run {RunId})")]
    private partial void LogNotice(LogLevel level, string subject, string whatHappened, string whatNext, string whatToDo, string pipeline, Guid? runId);
}
