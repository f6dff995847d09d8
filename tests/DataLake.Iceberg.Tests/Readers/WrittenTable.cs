using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;

namespace DataLake.Iceberg.Tests.Readers;

/// <summary>A table in a folder, committed to step by step: data files by DataLake.Parquet, the rest by the library under test.</summary>
internal sealed class WrittenTable
{
    private const int FilePathId = 2147483546, PosId = 2147483545;

    private readonly string folder;
    private readonly List<ManifestFile> manifests = [];
    private int files;

    public WrittenTable(string folder, PartitionSpec spec)
    {
        this.folder = folder;
        Metadata = TableMetadataUpdates.Apply(null, TableMetadataUpdates.Creation(Guid.NewGuid(), new Uri(folder).AbsoluteUri, Schema, spec), new MetadataChange(1, null));
    }

    public static Schema Schema { get; } = new(StructType.Of(
        NestedField.Mandatory(1, "id", PrimitiveType.Long), NestedField.Optional(2, "name", PrimitiveType.String),
        NestedField.Optional(3, "amount", PrimitiveType.Double), NestedField.Optional(4, "day", PrimitiveType.Date)));

    public TableMetadata Metadata { get; private set; }

    public string MetadataFile { get; private set; } = "";

    public async Task<DataFile> WriteRowsAsync(PartitionTuple partition, params (long Id, string? Name, double? Amount, int? Day)[] rows)
    {
        ParquetColumn[] columns =
        [
            ParquetColumn.Of("id", PhysicalType.Int64, null, nullable: false, fieldId: 1), ParquetColumn.Text("name", fieldId: 2),
            ParquetColumn.Of("amount", PhysicalType.Double, fieldId: 3), ParquetColumn.Of("day", PhysicalType.Int32, LogicalType.Date, fieldId: 4),
        ];
        return await WriteFileAsync(DataFileContent.Data, partition, columns, rows.Length, (writer, row) =>
        {
            var (id, name, amount, day) = rows[row];
            ((Int64ColumnBuffer)writer[0]).Append(id);
            if (name is null) writer[1].AppendNull();
            else ((ByteArrayColumnBuffer)writer[1]).Append(System.Text.Encoding.UTF8.GetBytes(name));
            if (amount is { } number) ((DoubleColumnBuffer)writer[2]).Append(number);
            else writer[2].AppendNull();
            if (day is { } date) ((Int32ColumnBuffer)writer[3]).Append(date);
            else writer[3].AppendNull();
        });
    }

    public async Task<DataFile> WriteDeletesAsync(PartitionTuple partition, params (string Path, long Position)[] deletes)
    {
        ParquetColumn[] columns = [ParquetColumn.Text("file_path", nullable: false, fieldId: FilePathId), ParquetColumn.Of("pos", PhysicalType.Int64, null, nullable: false, fieldId: PosId)];
        return await WriteFileAsync(DataFileContent.PositionDeletes, partition, columns, deletes.Length, (writer, row) =>
        {
            ((ByteArrayColumnBuffer)writer[0]).Append(System.Text.Encoding.UTF8.GetBytes(deletes[row].Path));
            ((Int64ColumnBuffer)writer[1]).Append(deletes[row].Position);
        });
    }

    /// <summary>A file that is written by what is under test.</summary>
    public async Task<DataFile> AddFileAsync(Func<Stream, string, Task<DataFile>> write)
    {
        await using var output = Create("data", $"{++files:D5}.parquet", out var location);
        return await write(output, location) with { PartitionSpecId = Metadata.DefaultSpecId };
    }

    /// <summary>One commit: a manifest for the data files, one for the delete files, the manifest list, and the next metadata file.</summary>
    public async Task CommitAsync(long snapshotId, string operation, params DataFile[] added)
    {
        foreach (var group in added.GroupBy(file => file.Content == DataFileContent.Data ? ManifestContent.Data : ManifestContent.Deletes))
        {
            await using var output = Create("metadata", $"{snapshotId}-{group.Key}.avro", out var location);
            await using var writer = new ManifestWriter(output, Metadata.CurrentSchema, Metadata.DefaultSpec, group.Key, snapshotId);
            foreach (var file in group) await writer.WriteAsync(ManifestEntry.Added(file, snapshotId));
            manifests.Add(await writer.CompleteAsync(location));
        }

        var snapshot = new Snapshot
        {
            SnapshotId = snapshotId, ParentSnapshotId = Metadata.CurrentSnapshotId, SequenceNumber = Metadata.NextSequenceNumber, TimestampMs = snapshotId % 1_000_000,
            Summary = new Dictionary<string, string> { [SnapshotSummary.Operation] = operation }, SchemaId = Metadata.CurrentSchemaId,
        };
        await using (var list = Create("metadata", $"snap-{snapshotId}.avro", out var location))
        {
            var (written, _) = await ManifestListWriter.WriteAsync(list, manifests, snapshotId, snapshot.ParentSnapshotId, snapshot.SequenceNumber, null);
            manifests.Clear();
            manifests.AddRange(written);
            snapshot = snapshot with { ManifestList = location };
        }

        Metadata = TableMetadataUpdates.Apply(Metadata, TableMetadataUpdates.Commit(Metadata, snapshot), new MetadataChange(snapshot.TimestampMs, MetadataFile.Length == 0 ? null : new Uri(MetadataFile).AbsoluteUri));
        MetadataFile = Path.Combine(folder, "metadata", $"v{Metadata.LastSequenceNumber}.metadata.json");
        await File.WriteAllBytesAsync(MetadataFile, TableMetadataJson.ToUtf8(Metadata));
    }

    private async Task<DataFile> WriteFileAsync(DataFileContent content, PartitionTuple partition, ParquetColumn[] columns, int rows, Action<ParquetFileWriter, int> append)
    {
        await using var output = Create("data", $"{++files:D5}.parquet", out var location);
        await using var writer = new ParquetFileWriter(output, new ParquetSchema(columns), new ParquetWriterOptions());
        for (var row = 0; row < rows; row++) append(writer, row);
        await writer.EndBatchAsync(default);
        var summary = await writer.CompleteAsync(default);
        return new DataFile
        {
            Content = content,
            FilePath = location,
            Partition = partition,
            PartitionSpecId = Metadata.DefaultSpecId,
            RecordCount = summary.RowCount,
            FileSizeInBytes = summary.ByteLength,
            ValueCounts = new FieldMap<long>(summary.Columns.Select(column => new KeyValuePair<int, long>(column.Column.FieldId!.Value, column.ValueCount))),
            SplitOffsets = [.. summary.RowGroups.Select(group => group.FileOffset ?? 4)],
        };
    }

    private FileStream Create(string kind, string name, out string location)
    {
        Directory.CreateDirectory(Path.Combine(folder, kind));
        location = new Uri(Path.Combine(folder, kind, name)).AbsoluteUri;
        return File.Create(Path.Combine(folder, kind, name));
    }
}
