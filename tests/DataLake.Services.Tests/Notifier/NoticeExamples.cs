using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Notifier.Composition;
using NoticeEvent = DataLake.Contracts.NoticeEvent;

namespace DataLake.Services.Tests.Notifier;

/// <summary>Notices of one table, and the run they are about.</summary>
internal static class NoticeExamples
{
    public static readonly DateTimeOffset RaisedAt = new(2026, 3, 2, 0, 5, 0, TimeSpan.Zero);
    public static readonly Guid RunId = Guid.Parse("0195a000-0000-7000-8000-000000000001");

    public static Notice Notice(NoticeEvent notice, string? text = null, string table = "public.shipments", bool hasRun = true) => new()
    {
        Id = Guid.CreateVersion7(RaisedAt),
        Event = notice,
        Key = $"{notice}/{Guid.NewGuid()}",
        Pipeline = "operations",
        Table = table,
        RunId = hasRun ? RunId : null,
        DefinitionVersion = 1,
        RaisedAt = RaisedAt,
        Text = text ?? "The disk of the source is full. Free some space.",
    };

    public static Run Run(RunStatus status, RunKind kind = RunKind.Incremental, DateTimeOffset? from = null) => new()
    {
        Id = RunId,
        Pipeline = "operations",
        Table = "public.shipments",
        Kind = kind,
        WindowFrom = from ?? new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero),
        WindowTo = new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.Zero),
        DefinitionVersion = 1,
        Status = status,
        Attempt = 4,
        PlannedAt = RaisedAt.AddMinutes(-5),
        FinishedAt = status is RunStatus.Committed or RunStatus.Failed ? RaisedAt.AddMinutes(1) : null,
        Rows = 12345,
        Bytes = 678901,
        FileCount = 2,
    };

    public static NoticeMessage Message(NoticeEvent notice = NoticeEvent.Failed, string? text = null, string table = "public.shipments") =>
        NoticeMessage.Compose(Notice(notice, text, table), Run(notice is NoticeEvent.Failed ? RunStatus.Failed : RunStatus.Committed));
}
