using System.Text.Json;
using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Notifier.Composition;
using Shouldly;
using Xunit;
using NoticeEvent = DataLake.Contracts.NoticeEvent;

namespace DataLake.Services.Tests.Notifier;

public sealed class NoticeMessageTests
{
    [Fact]
    public void A_failed_run_says_what_happened_that_nothing_is_lost_what_comes_and_what_to_do()
    {
        var message = NoticeMessage.Compose(NoticeExamples.Notice(NoticeEvent.Failed), NoticeExamples.Run(RunStatus.Failed));

        message.Subject.ShouldBe("[DataLake] FAILED operations public.shipments [2026-03-01 00:00:00Z, 2026-03-02 00:00:00Z)");
        NoticeBody.Write(message).ShouldBe(
            $"""
            What happened
              The disk of the source is full. Free some space.

            Is anything lost?
              No. The source was only read, and nothing of this run is visible in the lake: rows become visible by a commit, and there was none. What was committed before is unchanged.

            What happens next by itself
              The next tick of the table's schedule plans this run again, with the same window. Until it is committed, the table is complete only to 2026-03-01 00:00:00Z.

            What you can do
              Remove the cause that is named above; then nothing more is needed. `lake show {NoticeExamples.RunId}` shows every attempt.

            Details
              Event:     failed
              Pipeline:  operations
              Table:     public.shipments
              Window:    [2026-03-01 00:00:00Z, 2026-03-02 00:00:00Z)
              Run:       {NoticeExamples.RunId}
              Attempt:   4
              Raised at: 2026-03-02 00:05:00Z
              Notice:    {message.NoticeId}

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_failed_run_that_was_planned_again_says_so()
    {
        var message = NoticeMessage.Compose(NoticeExamples.Notice(NoticeEvent.Failed), NoticeExamples.Run(RunStatus.Extracting));

        message.WhatNext.ShouldStartWith("It has been planned again already, with the same window, and is extracting now.");
        message.Rows.ShouldBeNull();
    }

    [Fact]
    public void A_failed_run_that_was_committed_before_the_notice_was_sent_is_no_cause_for_alarm()
    {
        var message = NoticeMessage.Compose(NoticeExamples.Notice(NoticeEvent.Failed), NoticeExamples.Run(RunStatus.Committed));

        message.WhatIsLost.ShouldContain("is committed now");
        message.WhatNext.ShouldBe("Nothing more: it was committed at 2026-03-02 00:06:00Z.");
        message.WhatToDo.ShouldStartWith("Nothing is needed.");
    }

    [Fact]
    public void A_failed_first_window_claims_no_completeness()
    {
        var message = NoticeMessage.Compose(NoticeExamples.Notice(NoticeEvent.Failed), NoticeExamples.Run(RunStatus.Failed, from: Window.Beginning));

        message.Subject.ShouldEndWith("[beginning, 2026-03-02 00:00:00Z)");
        message.WhatNext.ShouldBe("The next tick of the table's schedule plans this run again, with the same window.");
    }

    [Fact]
    public void A_table_that_could_not_be_planned_has_no_run_to_show()
    {
        var message = NoticeMessage.Compose(NoticeExamples.Notice(NoticeEvent.Failed, hasRun: false), run: null);

        message.Subject.ShouldBe("[DataLake] FAILED operations public.shipments");
        message.WhatIsLost.ShouldStartWith("No. No run was started");
        message.WhatNext.ShouldBe("The scheduler tries again at its next tick.");
        message.WhatToDo.ShouldEndWith("`lake status` shows all tables.");
        NoticeBody.Write(message).ShouldNotContain("Window:");
    }

    [Theory]
    [InlineData(RunKind.Incremental, "The next window starts where this one ends.")]
    [InlineData(RunKind.Full, "The next tick of the schedule reads the table again.")]
    [InlineData(RunKind.Backfill, "Nothing more: this window was read because somebody asked for it.")]
    public void A_success_says_how_much_and_what_comes(RunKind kind, string next)
    {
        var message = NoticeMessage.Compose(NoticeExamples.Notice(NoticeEvent.Succeeded), NoticeExamples.Run(RunStatus.Committed, kind));

        message.Subject.ShouldStartWith("[DataLake] SUCCEEDED operations public.shipments [");
        message.WhatNext.ShouldBe(next);
        message.WhatToDo.ShouldStartWith("Nothing is needed.");
        var body = NoticeBody.Write(message);
        body.ShouldContain("  Rows:      12,345\n");
        body.ShouldContain("  Bytes:     678,901\n");
        body.ShouldContain("  Files:     2\n");
    }

    [Fact]
    public void A_late_table_says_that_its_rows_come_later_and_what_readers_see_until_then()
    {
        var message = NoticeMessage.Compose(NoticeExamples.Notice(NoticeEvent.Late, "It is complete only to noon.", hasRun: false), run: null);

        message.Subject.ShouldBe("[DataLake] LATE operations public.shipments");
        message.WhatIsLost.ShouldStartWith("No. Windows follow each other without a gap");
        message.WhatIsLost.ShouldContain("queries of this table see its older state");
        message.WhatNext.ShouldContain("goes on from where the last window stopped");
        message.WhatToDo.ShouldStartWith("Find out what holds it up");
    }

    [Fact]
    public void A_recovery_says_that_nothing_is_needed()
    {
        var message = NoticeMessage.Compose(NoticeExamples.Notice(NoticeEvent.Recovered), NoticeExamples.Run(RunStatus.Committed));

        message.Subject.ShouldStartWith("[DataLake] RECOVERED ");
        message.WhatIsLost.ShouldStartWith("No.");
        message.WhatNext.ShouldBe("The table goes on by its schedule.");
        message.WhatToDo.ShouldStartWith("Nothing is needed.");
    }

    [Fact]
    public void Control_characters_from_elsewhere_cannot_make_a_second_line_of_a_subject_or_end_a_text()
    {
        var message = NoticeExamples.Message(text: "one\r\ntwo\0three\u0007", table: "public.\"x\r\nBcc: all@example.org\"");

        message.Subject.ShouldStartWith("[DataLake] FAILED operations public.\"x Bcc: all@example.org\" [");
        message.WhatHappened.ShouldBe("one\ntwo three");
    }

    [Fact]
    public void The_JSON_form_has_every_fact_and_the_plain_text()
    {
        var message = NoticeMessage.Compose(NoticeExamples.Notice(NoticeEvent.Succeeded), NoticeExamples.Run(RunStatus.Committed, from: Window.Beginning));

        var json = JsonDocument.Parse(NoticeJson.Write(message)).RootElement;

        json.EnumerateObject().Select(field => field.Name).ShouldBe([
            "version", "noticeId", "event", "pipeline", "table", "runId", "window", "attempt", "rows", "bytes", "files",
            "whatHappened", "whatIsLost", "whatNext", "whatToDo", "raisedAt", "subject", "text"]);
        json.GetProperty("version").GetInt32().ShouldBe(1);
        json.GetProperty("event").GetString().ShouldBe("succeeded");
        json.GetProperty("runId").GetGuid().ShouldBe(NoticeExamples.RunId);
        json.GetProperty("window").GetProperty("from").ValueKind.ShouldBe(JsonValueKind.Null);
        json.GetProperty("window").GetProperty("to").GetDateTimeOffset().ShouldBe(new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.Zero));
        json.GetProperty("attempt").GetInt32().ShouldBe(4);
        json.GetProperty("rows").GetInt64().ShouldBe(12345);
        json.GetProperty("raisedAt").GetDateTimeOffset().ShouldBe(NoticeExamples.RaisedAt);
        json.GetProperty("text").GetString().ShouldBe($"{message.Subject}\n\n{NoticeBody.Write(message)}");
    }
}
