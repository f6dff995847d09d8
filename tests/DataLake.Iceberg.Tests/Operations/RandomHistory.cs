using System.Globalization;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Upserts;
using DataLake.Iceberg.Values;
using DataLake.Testing;
using SortDirection = DataLake.Iceberg.Sorting.SortDirection;

namespace DataLake.Iceberg.Tests.Operations;

/// <summary>Changes of a table at random, the same for the same seed, and the rows that it must have.</summary>
internal sealed class RandomHistory(CatalogFixture lake, LakeTable table, int seed)
{
    private static readonly PrimitiveType[] Types = [PrimitiveType.Int, PrimitiveType.Long, PrimitiveType.Float, PrimitiveType.Double, PrimitiveType.String, PrimitiveType.Boolean, PrimitiveType.Date];

    private readonly RandomRows random = new(seed);
    private readonly TableReferences references = new(lake.Catalog);
    private SortedDictionary<long, IReadOnlyDictionary<int, IcebergValue>> rows = [];
    private readonly HashSet<long> written = [];
    private int names;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The rows of main: values by id and field.</summary>
    public IReadOnlyDictionary<long, IReadOnlyDictionary<int, IcebergValue>> Rows => rows;

    /// <summary>The rows of every snapshot that the table still has, by its id.</summary>
    public SortedDictionary<long, IReadOnlyDictionary<long, IReadOnlyDictionary<int, IcebergValue>>> Snapshots { get; } = [];

    /// <summary>Row id and last update of the rows of every snapshot, as they were read when it was new.</summary>
    public Dictionary<long, SortedDictionary<long, (long? RowId, long? LastUpdated)>> Lineages { get; } = [];

    /// <summary>Makes one change, and says which.</summary>
    public async Task<string> StepAsync()
    {
        var before = (await table.LoadAsync()).Metadata;
        written.Clear();
        var what = await ChangeAsync(before);
        var metadata = (await table.LoadAsync()).Metadata;
        await CheckLineageAsync(before, metadata, what);

        // A compaction can have several, all of the same rows.
        foreach (var snapshot in metadata.Snapshots)
            if (!Snapshots.ContainsKey(snapshot.SnapshotId)) Snapshots[snapshot.SnapshotId] = rows.ToDictionary();
        foreach (var id in Snapshots.Keys.Where(id => metadata.FindSnapshot(id) is null).ToList()) Snapshots.Remove(id);
        return what;
    }

    /// <summary>Rows keep their ids and say when they last changed, wherever they are moved; new rows get ids that none had.</summary>
    private async Task CheckLineageAsync(TableMetadata before, TableMetadata after, string what)
    {
        after.NextRowId.ShouldBeGreaterThanOrEqualTo(before.NextRowId);
        foreach (var snapshot in after.Snapshots.Where(snapshot => !Lineages.ContainsKey(snapshot.SnapshotId)).OrderBy(snapshot => snapshot.SequenceNumber))
        {
            var lineage = Lineages[snapshot.SnapshotId] = await table.LineageAsync(snapshot);
            var earlier = snapshot.ParentSnapshotId is { } parent ? Lineages[parent] : [];
            foreach (var (row, (rowId, lastUpdated)) in lineage)
            {
                var message = $"seed {seed}, {what}: row {row} with id {rowId} and last update {lastUpdated}";
                if (!written.Contains(row) && earlier.TryGetValue(row, out var known) && known.RowId is not null) (rowId, lastUpdated).ShouldBe(known, message);
                else if (snapshot.FirstRowId is not { } first) (rowId, lastUpdated).ShouldBe((null, null), message);
                else
                {
                    rowId!.Value.ShouldBeInRange(first, first + snapshot.AddedRows!.Value - 1, message);
                    if (written.Contains(row)) lastUpdated.ShouldBe(snapshot.SequenceNumber, message);
                    else lastUpdated!.Value.ShouldBeLessThanOrEqualTo(snapshot.SequenceNumber, message);
                }
            }

            lineage.Values.Where(row => row.RowId is not null).Select(row => row.RowId).ShouldBeUnique();
            after.NextRowId.ShouldBeGreaterThanOrEqualTo((snapshot.FirstRowId + snapshot.AddedRows) ?? 0);
        }
    }

    private async Task<string> ChangeAsync(TableMetadata metadata)
    {
        switch (random.Next(19))
        {
            case < 4: return await AppendAsync(metadata);
            case < 8: return await UpsertAsync(metadata);
            case 8: return await DeletePositionsAsync(metadata);
            case 9 or 10: return await DeleteKeysAsync(metadata);
            case 11: return await RemoveFilesAsync(metadata);
            case 12 when random.Chance(0.3): return await ReplaceAllAsync(metadata);
            case 13 when metadata.CurrentSnapshot is not null: return await RollBackOrTagAsync(metadata);
            case 14 when metadata.CurrentSnapshot is not null: return await ExpireAsync(metadata);
            case 12 or 15: return await EvolveAsync(metadata);
            case 18: return await LayOutAsync(metadata);
            default: return await CompactAsync();
        }
    }

    private async Task<string> AppendAsync(TableMetadata metadata)
    {
        var fresh = Enumerable.Range(0, random.Next(1, 8)).Select(_ => (long)random.Next(1_000_000)).Distinct().Where(id => !rows.ContainsKey(id)).ToList();
        await table.CommitAsync(TableChange.Append(await WriteAsync(metadata, fresh)));
        return "append";
    }

    /// <summary>Finds keys by the key search, deletes their rows by position, and adds new ones.</summary>
    private async Task<string> UpsertAsync(TableMetadata metadata)
    {
        var changed = Some(0.25).Append(random.Next(1_000_000)).Distinct().ToList();
        var added = await WriteAsync(metadata, changed);
        var candidates = new List<(DataFile File, PositionSet? Deleted)>();
        foreach (var file in await table.PlanAsync(metadata, metadata.CurrentSnapshot, ColumnPredicate.In(1, changed.Select(IcebergValue.Long))))
            candidates.Add((file.Data.DataFile, await RowReader.PositionsAsync(table.Open, LakeTable.RowsOf(file), Cancellation)));
        var found = await new KeySearch(table.Open, metadata.CurrentSchema, [1]).FindAsync(added, candidates, Cancellation);
        await CommitAsync(metadata, added, [.. candidates.Select(candidate => candidate.File).Where(file => found.ContainsKey(file.FilePath))], found);
        return "upsert";
    }

    private async Task<string> DeletePositionsAsync(TableMetadata metadata)
    {
        var gone = Some(0.2).ToHashSet();
        var (found, files) = (new Dictionary<string, PositionSet>(), new List<DataFile>());
        foreach (var file in await table.PlanAsync(metadata, metadata.CurrentSnapshot))
        {
            var positions = new PositionSet(file.Data.DataFile.RecordCount);
            await foreach (var batch in new RowReader(table.Open, metadata.CurrentSchema).ReadAsync([LakeTable.RowsOf(file)], Cancellation))
                foreach (var row in batch.Live)
                    if (gone.Contains(batch.Columns[0][row].AsLong())) positions.Add(batch.FirstPosition + row);
            if (positions.Count == 0) continue;
            found[file.Data.DataFile.FilePath] = positions;
            files.Add(file.Data.DataFile);
        }

        found.Values.Sum(positions => positions.Count).ShouldBe(gone.Count, $"seed {seed}");
        foreach (var id in gone) rows.Remove(id);
        await CommitAsync(metadata, [], files, found);
        return "delete positions";
    }

    private async Task<string> DeleteKeysAsync(TableMetadata metadata)
    {
        var gone = Some(0.2).Append(random.Next(1_000_000)).Distinct().ToList();
        var files = new List<DataFile>();

        // Where files are of several specs, a key can be in any partition of any of them.
        var everywhere = metadata.PartitionSpecs.Count > 1 ? metadata with { DefaultSpecId = metadata.PartitionSpecs.First(spec => spec.IsUnpartitioned).SpecId } : metadata;
        foreach (var partition in gone.GroupBy(id => LakeTable.PartitionOf(everywhere, id)))
        {
            var keys = partition.Select(id => new[] { IcebergValue.Long(id) });
            files.Add(await table.WriteAsync((output, location) => EqualityDeleteFile.WriteAsync(output, location, metadata.CurrentSchema, [1], keys, Cancellation))
                with { Partition = partition.Key, PartitionSpecId = everywhere.DefaultSpecId });
        }

        foreach (var id in gone) rows.Remove(id);
        await table.CommitAsync(TableChange.RowDelta(metadata.CurrentSnapshotId, files, []));
        return "delete keys";
    }

    private async Task<string> RemoveFilesAsync(TableMetadata metadata)
    {
        var gone = (await table.PlanAsync(metadata, metadata.CurrentSnapshot)).Where(_ => random.Chance(0.25)).ToList();
        await foreach (var batch in new RowReader(table.Open, metadata.CurrentSchema).ReadAsync(gone.Select(LakeTable.RowsOf), Cancellation))
            foreach (var row in batch.Live) rows.Remove(batch.Columns[0][row].AsLong());
        await table.CommitAsync(TableChange.Overwrite(metadata.CurrentSnapshotId, [.. gone.Select(file => file.Data.DataFile)], []));
        return "remove files";
    }

    private async Task<string> ReplaceAllAsync(TableMetadata metadata)
    {
        rows.Clear();
        await table.CommitAsync(TableChange.ReplaceAll(await WriteAsync(metadata, [.. Enumerable.Range(0, 5).Select(id => (long)id)])));
        return "replace all";
    }

    /// <summary>A column comes, goes, gets another name or a wider type.</summary>
    private async Task<string> EvolveAsync(TableMetadata metadata)
    {
        var fields = metadata.CurrentSchema.Columns.Fields.ToList();
        var at = fields.Count > 1 ? random.Next(1, fields.Count) : 0;
        var what = fields.Count == 1 ? 0 : random.Next(5);
        switch (what)
        {
            case 2 when fields.Count > 3: fields.RemoveAt(at); break;
            case 3: fields[at] = fields[at] with { Name = $"renamed_{++names}" }; break;
            case 4 when ((PrimitiveType)fields[at].Type).Id == TypeId.Int: fields[at] = fields[at] with { Type = PrimitiveType.Long }; break;
            case 4 when ((PrimitiveType)fields[at].Type).Id == TypeId.Float: fields[at] = fields[at] with { Type = PrimitiveType.Double }; break;
            default: fields.Add(NestedField.Optional(metadata.LastColumnId + 1, $"c{metadata.LastColumnId + 1}", random.Pick(Types))); break;
        }

        await table.CommitAsync(TableChange.Append() with { Updates = [new TableUpdate.AddSchema(new Schema(new StructType([.. fields]))), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded)] });
        return string.Create(CultureInfo.InvariantCulture, $"evolve {what} of {at}");
    }

    /// <summary>The table is to be divided and sorted otherwise.</summary>
    private async Task<string> LayOutAsync(TableMetadata metadata)
    {
        LayoutPartition[][] partitions = [[], [new("id", Transform.Bucket(3))], [new("id", Transform.Bucket(2))], [new("id", Transform.Truncate(100_000)), new("id", Transform.Bucket(2))]];
        var column = random.Pick(metadata.CurrentSchema.Columns.Fields).Name;
        LayoutSort[][] sorts = [[], [new(column, random.Pick([SortDirection.Ascending, SortDirection.Descending]), random.Pick([NullOrder.NullsFirst, NullOrder.NullsLast])), new("id", SortDirection.Descending, NullOrder.NullsLast)]];
        var layout = new TableLayout(random.Pick(partitions), random.Pick(sorts));
        await table.CommitAsync(TableChange.Append() with { Updates = layout.Updates("t", metadata) });
        return $"lay out by {string.Join(", ", layout.Partitions)} and {string.Join(", ", layout.Sorts)}";
    }

    private async Task<string> CompactAsync()
    {
        var options = new CompactionOptions
        {
            TargetFileBytes = random.Next(4000, 20_000), MinFiles = random.Next(2, 5), DeletedShare = 0.2, MaxDeleteFiles = random.Next(1, 5), CommitBytes = random.Pick<long>([1, 10_000, long.MaxValue]),
            MaxGroups = random.Pick([1, int.MaxValue]), LayoutDelay = random.Pick([TimeSpan.Zero, TimeSpan.FromDays(1)]), MemoryBytes = random.Pick<long>([1000, 1 << 20]),
        };
        var outcome = await new Compaction(lake.Catalog, lake.Files, TimeProvider.System).RunAsync(table.Identifier, options, Cancellation);
        outcome.Skipped.ShouldBeEmpty($"seed {seed}");
        return "compact";
    }

    private async Task<string> RollBackOrTagAsync(TableMetadata metadata)
    {
        var ancestor = random.Pick(SnapshotSelection.History(metadata, metadata.CurrentSnapshot).Take(6).ToList());
        if (random.Chance(0.5))
        {
            await references.CreateAsync(table.Identifier, $"tag_{++names}", new SnapshotReference(ancestor.SnapshotId, SnapshotReferenceType.Tag), Cancellation);
            return "tag";
        }

        await references.RollBackAsync(table.Identifier, ancestor.SnapshotId, force: false, Cancellation);
        rows = new(Snapshots[ancestor.SnapshotId].ToDictionary());
        return "roll back";
    }

    private async Task<string> ExpireAsync(TableMetadata metadata)
    {
        var later = new ManualTimeProvider(DateTimeOffset.UtcNow.AddHours(1));
        await new SnapshotExpiry(lake.Catalog, lake.Files, later).ExpireAsync(table.Identifier, new ExpiryOptions { MaxSnapshotAge = TimeSpan.Zero, MinSnapshotsToKeep = 4 }, Cancellation);
        metadata.CurrentSnapshotId.ShouldBe((await table.LoadAsync()).Metadata.CurrentSnapshotId);
        return "expire";
    }

    private List<long> Some(double share) => [.. rows.Keys.Where(_ => random.Chance(share))];

    /// <summary>Writes rows of these ids, into several files of several pages, and remembers them.</summary>
    private async Task<List<DataFile>> WriteAsync(TableMetadata metadata, List<long> ids)
    {
        var fields = metadata.CurrentSchema.Columns.Fields;
        var files = new List<DataFile>();
        var isDivided = metadata.PartitionSpecs.Count == 1 || random.Chance(0.5);
        foreach (var partition in ids.GroupBy(id => isDivided ? LakeTable.PartitionOf(metadata, id) : PartitionTuple.Empty))
        {
            foreach (var part in partition.Chunk(random.Next(1, 6)))
            {
                written.UnionWith(part);
                var values = part.Select(id => (IcebergValue[])[IcebergValue.Long(id), .. random.Row(metadata.CurrentSchema).Skip(1)]).ToList();
                var file = await table.WriteRowsAsync(metadata, values, 2);
                files.Add(isDivided ? file : FilePlacement.Place(metadata, file));
                foreach (var row in values) rows[row[0].AsLong()] = fields.Select((field, i) => (field.Id, Value: row[i])).ToDictionary(value => value.Id, value => value.Value);
            }
        }

        return files;
    }

    /// <summary>Commits new rows and deleted positions, in a delete file a partition, or in deletion vectors.</summary>
    private async Task CommitAsync(TableMetadata metadata, List<DataFile> added, List<DataFile> referenced, IReadOnlyDictionary<string, PositionSet> deleted)
    {
        var files = added.ToList();
        if (metadata.HasRowLineage && referenced.Count > 0)
        {
            var vectors = (await table.PlanAsync(metadata, metadata.CurrentSnapshot)).Where(file => deleted.ContainsKey(file.Data.DataFile.FilePath))
                .Select(file => (file, (IEnumerable<long>)deleted[file.Data.DataFile.FilePath]));
            files.AddRange(await table.WriteVectorsAsync(vectors));
            referenced = [];
        }

        foreach (var partition in referenced.GroupBy(file => (file.PartitionSpecId, file.Partition)))
        {
            var positions = partition.ToDictionary(file => file.FilePath, file => deleted[file.FilePath]);
            files.Add(await table.WriteAsync((output, location) => PositionDeleteFile.WriteAsync(output, location, positions, Cancellation))
                with { Partition = partition.Key.Partition, PartitionSpecId = partition.Key.PartitionSpecId });
        }

        await table.CommitAsync(TableChange.RowDelta(metadata.CurrentSnapshotId, files, referenced));
    }
}
