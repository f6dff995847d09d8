using DataLake.Notifier.Channels;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;
using NoticeEvent = DataLake.Contracts.NoticeEvent;

namespace DataLake.Services.Tests.Notifier;

public sealed class LogSenderTests
{
    [Theory]
    [InlineData(NoticeEvent.Failed, LogLevel.Error)]
    [InlineData(NoticeEvent.Late, LogLevel.Warning)]
    [InlineData(NoticeEvent.Succeeded, LogLevel.Information)]
    [InlineData(NoticeEvent.Recovered, LogLevel.Information)]
    public void A_notice_is_one_line_as_loud_as_its_event(NoticeEvent notice, LogLevel level)
    {
        var log = new CollectingLogger<LogSender>();

        new LogSender(log).Send(NoticeExamples.Message(notice, "first\nsecond"));

        var line = log.Lines.ShouldHaveSingleItem();
        line.Level.ShouldBe(level);
        line.Text.ShouldStartWith($"[DataLake] {notice.ToString().ToUpperInvariant()} operations public.shipments");
        line.Text.ShouldContain("first second");
        line.Text.ShouldNotContain("\n");
    }
}
