using System.CommandLine;
using DataLake.Cli.Ledgers;
using DataLake.Cli.Output;
using DataLake.Cli.Tables;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Pipelines.Definitions;

namespace DataLake.Cli.Commands;

/// <summary><c>lake tag NAME TAG</c></summary>
internal static class TagCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = "The table: public.shipments, shipments, or operations.shipments." };
        var tag = new Argument<string>("tag") { Description = "The tag, for example end-of-march." };
        var at = new Option<string?>("--at") { Description = "The snapshot: its id, another tag, or a time. Without it the current one." };
        var keep = new Option<string?>("--keep") { Description = "How old the snapshot may become until the tag is dropped by itself, for example 400d. Without it the tag stays until it is dropped." };
        var drop = new Option<bool>("--drop") { Description = "Drop the tag. Its snapshot stays until it expires." };
        var command = new Command("tag",
            "Give a snapshot a name. A tagged snapshot does not expire: it can be read by every engine, and rolled back to, for as long as the tag is there; its files stay as long. "
            + "For the state of a report, of a closed month, or before a migration. Example: lake tag public.shipments end-of-march --at 2026-04-01 --keep 400d")
        {
            name, tag, at, keep, drop, SharedOptions.Pipeline, SharedOptions.Json, LedgerAccess.DataDirectoryOption, LedgerAccess.LedgerOption, LakeTables.DirectoryOption,
        };
        command.SetAction((parsed, cancellation) => CommandOutput.GuardAsync(async () =>
        {
            await using var ledger = await LedgerAccess.OpenAsync(parsed, cancellation);
            var lake = new LakeTables(parsed, ledger);
            var table = await lake.FindAsync(parsed.GetValue(name)!, parsed.GetValue(SharedOptions.Pipeline), cancellation);
            var (wanted, references, json) = (parsed.GetValue(tag)!, new TableReferences(lake.Catalog), parsed.GetValue(SharedOptions.Json));
            if (parsed.GetValue(drop))
            {
                var dropped = TagOf(table, wanted);
                await references.DropAsync(table.Identifier, wanted, cancellation);
                Print(dropped, json, $"The tag {wanted} of {table.Identifier} is dropped; its snapshot {dropped.Snapshot} stays until it expires.");
                return CommandOutput.Ok;
            }

            var reference = ReferenceOf(table, wanted, parsed.GetValue(at), parsed.GetValue(keep), TimeProvider.System.GetUtcNow());
            table = await references.CreateAsync(table.Identifier, wanted, reference, cancellation);
            var made = TagOf(table, wanted);
            Print(made, json,
                $"The tag {wanted} of {table.Identifier} is snapshot {made.Snapshot}, made {TableText.Time(made.At!.Value)}; kept until {(made.Until is { } until ? TableText.Time(until) : "it is dropped")}. Read it with: lake table {table.Identifier} --as-of {wanted}");
            return CommandOutput.Ok;
        }));
        return command;
    }

    private static ReferenceReport TagOf(CatalogTable table, string tag)
    {
        var tags = table.Metadata.Refs.Where(entry => entry.Value.Type == SnapshotReferenceType.Tag).ToDictionary();
        return tags.TryGetValue(tag, out var reference)
            ? ReferenceReport.Of(table.Metadata, tag, reference)
            : throw new Failure($"{table.Identifier} has no tag '{tag}'. It has {(tags.Count == 0 ? "none" : string.Join(", ", tags.Keys.Order(StringComparer.Ordinal)))}.");
    }

    private static SnapshotReference ReferenceOf(CatalogTable table, string tag, string? at, string? keep, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(tag) || SnapshotChoice.IsIdOrTime(tag))
        {
            throw new Failure($"'{tag}' would be taken for a snapshot's id or a time; choose a tag with a letter before it, such as v{tag}.");
        }

        var snapshot = at is null ? table.Metadata.CurrentSnapshot : SnapshotChoice.Find(table.Metadata, at, "--at");
        if (snapshot is null)
        {
            throw new Failure($"{table.Identifier} has no snapshot yet; tag it after its first rows.");
        }

        if (keep is null)
        {
            return new SnapshotReference(snapshot.SnapshotId, SnapshotReferenceType.Tag);
        }

        var made = DateTimeOffset.FromUnixTimeMilliseconds(snapshot.TimestampMs);
        return !DurationText.TryParse(keep, out var age) || age == TimeSpan.Zero ? throw new Failure($"--keep: '{keep}' is no duration; write 30d or 12h.")
            : made + age <= now ? throw new Failure($"--keep counts from when the snapshot was made ({TableText.Time(made)}): the tag would be dropped at once. Give a longer time.")
            : new SnapshotReference(snapshot.SnapshotId, SnapshotReferenceType.Tag) { MaxRefAgeMs = (long)age.TotalMilliseconds };
    }

    private static void Print(ReferenceReport tag, bool json, string text)
    {
        if (json)
        {
            CommandOutput.WriteJson(tag);
        }
        else
        {
            Console.WriteLine(text);
        }
    }
}
