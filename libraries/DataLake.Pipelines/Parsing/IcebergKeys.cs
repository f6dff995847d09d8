using System.Text.Json.Nodes;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Shapes;

namespace DataLake.Pipelines.Parsing;

/// <summary>The keys of <c>iceberg</c>, of a table and under <c>defaults</c>.</summary>
internal static class IcebergKeys
{
    // A run is known by its id in a snapshot: that must not be gone before the ledger has noted the run.
    private const int FewestSnapshots = 10;
    private const int MostSnapshots = 100_000;
    private static readonly TimeSpan ShortestAge = TimeSpan.FromHours(1);

    private static readonly Dictionary<string, DeleteForm> DeleteForms = new(StringComparer.Ordinal) { ["position"] = DeleteForm.Position, ["equality"] = DeleteForm.Equality };

    public static readonly Key<IReadOnlyList<Placed<PartitionColumn>>> PartitionBy = new(
        "partition_by", LayoutValues.Partitions,
        "What the rows are divided by, so that engines skip whole files: columns, or year, month, day or hour of a date or time, bucket(N, column) by a hash, truncate(N, column) by a prefix or a multiple. "
        + "Files that span partitions are divided when the table is compacted.")
    {
        DefaultInWords = "not divided",
        Examples = [new JsonArray("day(created_at)", "bucket(16, customer_id)", "truncate(4, zip)", "state")],
    };

    public static readonly Key<IReadOnlyList<Placed<SortColumn>>> SortBy = new(
        "sort_by", LayoutValues.Sorts,
        "What the rows of a file are sorted by once the table is compacted, most important first. Without more, asc with nulls first, and desc with nulls last.")
    {
        DefaultInWords = "not sorted",
        Examples = [new JsonArray("customer_id", "created_at desc nulls last")],
    };

    public static readonly Key<DeleteForm> Deletes = new(
        "deletes", new ChoiceShape<DeleteForm>(DeleteForms),
        "How rows that an upsert replaces leave the table: by their position, which is looked for in the files that can have them; or by their key (equality), which reads no file of the table "
        + "and costs its readers more until it is compacted. Not every engine reads those.")
    {
        Default = DeleteForms.First(form => form.Value == DefinitionDefaults.Iceberg.Deletes).Key,
        Examples = ["equality"],
    };

    public static readonly Key<long> FormatVersion = new(
        "format_version", Values.WholeNumber(2, 3), "The version of the Iceberg format. A table is upgraded by its next run; it never goes back.")
    {
        Default = DefinitionDefaults.Iceberg.FormatVersion,
        Examples = [2],
    };

    public static readonly Key<long> Keep = new(
        "keep", Values.WholeNumber(FewestSnapshots, MostSnapshots), "How many snapshots the table keeps at most, however young; tags keep theirs in any case.")
    {
        DefaultInWords = "what the host is set to, 500",
        Examples = [100],
    };

    public static readonly Key<TimeSpan> For = new(
        "for",
        Values.Duration.Then<TimeSpan>((age, node, problems) =>
        {
            if (age < ShortestAge)
            {
                problems.Add(node.At, $"snapshots are kept for {DurationText.Format(ShortestAge)} at least: by them a run that a crash interrupted is known to be part of the table");
            }

            return age;
        }),
        "How old snapshots become: how far back time travel and rollback go.")
    {
        DefaultInWords = "what the host is set to, 5d",
        Examples = ["30d"],
    };

    public static readonly Key<MappingReader> Snapshots = new(
        "snapshots", new MappingShape("a mapping with keep or for", [Keep, For]), "What the table keeps of its past, in place of what the host is set to (docs/tables.md).")
    {
        DefaultInWords = "what the host is set to",
        Examples = [new JsonObject { ["keep"] = 100, ["for"] = "30d" }],
    };

    /// <summary>What is asked of an Iceberg table.</summary>
    public static readonly Key<MappingReader> Iceberg = new(
        "iceberg", new MappingShape("a mapping with partition_by, sort_by, deletes, format_version or snapshots", [PartitionBy, SortBy, Deletes, FormatVersion, Snapshots]),
        "How the lake's table is laid out, and what it keeps (docs/tables.md); what a table says wins over 'defaults', key by key. A changed layout holds for new files, and maintenance brings older ones into it.")
    {
        DefaultInWords = "neither divided nor sorted, position deletes, version 2",
        Examples = [new JsonObject { ["partition_by"] = new JsonArray("day(created_at)"), ["sort_by"] = new JsonArray("customer_id"), ["snapshots"] = new JsonObject { ["for"] = "30d" } }],
    };

    /// <summary>What is asked of a table.</summary>
    public static IcebergDefinition Of(MappingReader table, MappingReader? defaults)
    {
        var (own, shared) = (Inner(table, Iceberg), Inner(defaults, Iceberg));
        var (ownSnapshots, sharedSnapshots) = (Inner(own, Snapshots), Inner(shared, Snapshots));
        return new IcebergDefinition(
            [.. Get(own, shared, PartitionBy, []).Select(column => column.Value)],
            [.. Get(own, shared, SortBy, []).Select(column => column.Value)],
            Get(own, shared, Deletes, DefinitionDefaults.Iceberg.Deletes),
            (int)Get(own, shared, FormatVersion, DefinitionDefaults.Iceberg.FormatVersion),
            new SnapshotsDefinition(
                Get(ownSnapshots, sharedSnapshots, Keep, 0) is var keep and > 0 ? (int)keep : null,
                Get(ownSnapshots, sharedSnapshots, For, TimeSpan.Zero) is var age && age > TimeSpan.Zero ? age : null));

        static MappingReader? Inner(MappingReader? mapping, Key<MappingReader> key) => mapping?.TryGet(key, out var found) == true ? found : null;

        static T Get<T>(MappingReader? own, MappingReader? shared, Key<T> key, T otherwise)
            where T : notnull => own?.TryGet(key, out var value) == true || shared?.TryGet(key, out value) == true ? value : otherwise;
    }
}
