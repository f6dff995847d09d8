using System.Runtime.CompilerServices;
using DataLake.Iceberg.Avro;
using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Manifests;

/// <summary>Reads manifest lists of version 1 to 3 (<see href="https://iceberg.apache.org/spec/#manifest-lists">Manifest Lists</see>).</summary>
public static class ManifestListReader
{
    /// <summary>Reads the manifests of a manifest list, one after another in bounded memory. The stream stays open.</summary>
    /// <param name="stream">The bytes, from where it stands.</param>
    /// <param name="limits">How much memory the file may ask for.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="IcebergException">It is no manifest list, or damaged.</exception>
    public static async IAsyncEnumerable<ManifestFile> ReadAsync(Stream stream, IcebergReadLimits? limits = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var file = await AvroFileReader.OpenAsync(stream, limits ?? IcebergReadLimits.Default, cancellationToken);
        if (file.Text("format-version") is { } version and not ("1" or "2" or "3"))
            throw IcebergException.Unsupported($"The manifest list is of format version {version}, and this library reads 1 to {TableMetadata.HighestFormatVersion}; use a later release, or a reader for that version.");
        var steps = AvroRecordPlan.Of(file.Schema, FieldIds.ManifestFileNames);
        AvroRecordPlan.Require(steps, "manifest list", FieldIds.ManifestPath, FieldIds.ManifestLength, FieldIds.PartitionSpecId, FieldIds.AddedSnapshotId);
        foreach (var step in steps) CheckKind(step);
        var summaries = steps.Where(step => step.Id == FieldIds.Partitions).Select(step => SummarySteps(step.Value)).FirstOrDefault();
        while (await file.ReadBlockAsync(cancellationToken))
        {
            var position = 0;
            for (var i = 0; i < file.RecordCount; i++) yield return Read(file.Block.Span, ref position, steps, summaries);
            if (position != file.Block.Length) throw IcebergException.Corrupt("The manifest list has bytes after the last record of a block; it is damaged and must be restored.");
        }
    }

    private static void CheckKind(AvroStep step)
    {
        switch (step.Id)
        {
            case -1: break;
            case FieldIds.ManifestPath: step.RequireKind(AvroKind.String); break;
            case FieldIds.ManifestKeyMetadata: step.RequireKind(AvroKind.Bytes); break;
            case FieldIds.Partitions: step.RequireKind(AvroKind.Array); break;
            default: step.RequireKind(AvroKind.Int, AvroKind.Long); break;
        }
    }

    private static AvroStep[] SummarySteps(AvroSchema list)
    {
        var steps = AvroRecordPlan.Of(list.Items!.Value, FieldIds.FieldSummaryNames);
        AvroRecordPlan.Require(steps, "manifest list", FieldIds.ContainsNull);
        foreach (var step in steps)
        {
            if (step.Id is FieldIds.ContainsNull or FieldIds.ContainsNan) step.RequireKind(AvroKind.Boolean);
            else if (step.Id >= 0) step.RequireKind(AvroKind.Bytes);
        }

        return steps;
    }

    private static ManifestFile Read(ReadOnlySpan<byte> block, ref int position, AvroStep[] steps, AvroStep[]? summarySteps)
    {
        var decoder = new AvroDecoder(block[position..]);
        string? path = null;
        byte[]? key = null;
        List<FieldSummary>? summaries = null;
        Span<long?> numbers = stackalloc long?[FieldIds.ManifestFirstRowId - FieldIds.ManifestPath + 1];
        numbers.Clear();
        foreach (ref readonly var step in steps.AsSpan())
        {
            if (!decoder.ReadPresence(step.NullBranch)) continue;
            switch (step.Id)
            {
                case -1: decoder.Skip(step.Value); break;
                case FieldIds.ManifestPath: path = decoder.ReadString(); break;
                case FieldIds.ManifestKeyMetadata: key = decoder.ReadBytes().ToArray(); break;
                case FieldIds.Partitions: summaries = ReadSummaries(ref decoder, step.Value.Items!, summarySteps!); break;
                default: numbers[step.Id - FieldIds.ManifestPath] = decoder.ReadInt64(); break;
            }
        }

        position += decoder.Position;
        if (path is null) throw IcebergException.Corrupt("A manifest list names a manifest without a path; it must be written again.");
        return new ManifestFile
        {
            ManifestPath = path,
            ManifestLength = Number(numbers, FieldIds.ManifestLength, path) ?? throw Missing(path, "length"),
            PartitionSpecId = Count(numbers, FieldIds.PartitionSpecId, path) ?? throw Missing(path, "partition spec id"),
            Content = Number(numbers, FieldIds.ManifestContent, path) switch
            {
                null or 0 => ManifestContent.Data,
                1 => ManifestContent.Deletes,
                var other => throw IcebergException.Corrupt($"The manifest list says that '{path}' has the content {other}, which is neither 0 nor 1; it must be written again."),
            },
            SequenceNumber = Number(numbers, FieldIds.ManifestSequenceNumber, path) ?? 0,
            MinSequenceNumber = Number(numbers, FieldIds.MinSequenceNumber, path) ?? 0,
            AddedSnapshotId = numbers[FieldIds.AddedSnapshotId - FieldIds.ManifestPath] ?? throw Missing(path, "snapshot id"),
            AddedFilesCount = Count(numbers, FieldIds.AddedFilesCount, path),
            ExistingFilesCount = Count(numbers, FieldIds.ExistingFilesCount, path),
            DeletedFilesCount = Count(numbers, FieldIds.DeletedFilesCount, path),
            AddedRowsCount = Number(numbers, FieldIds.AddedRowsCount, path),
            ExistingRowsCount = Number(numbers, FieldIds.ExistingRowsCount, path),
            DeletedRowsCount = Number(numbers, FieldIds.DeletedRowsCount, path),
            Partitions = summaries,
            FirstRowId = Number(numbers, FieldIds.ManifestFirstRowId, path),
            KeyMetadata = key is null ? default(ReadOnlyMemory<byte>?) : key,
        };
    }

    private static List<FieldSummary> ReadSummaries(ref AvroDecoder decoder, AvroSchema item, AvroStep[] steps)
    {
        var summaries = new List<FieldSummary>();
        for (var items = decoder.ReadItems(item.MinimumBytes); items > 0; items = decoder.ReadItems(item.MinimumBytes))
            for (; items > 0; items--)
                if (decoder.ReadPresence(item.NullBranch)) summaries.Add(ReadSummary(ref decoder, steps));
        return summaries;
    }

    private static FieldSummary ReadSummary(ref AvroDecoder decoder, AvroStep[] steps)
    {
        bool? containsNull = null, containsNan = null;
        byte[]? lower = null, upper = null;
        foreach (ref readonly var step in steps.AsSpan())
        {
            if (!decoder.ReadPresence(step.NullBranch)) continue;
            switch (step.Id)
            {
                case FieldIds.ContainsNull: containsNull = decoder.ReadBoolean(); break;
                case FieldIds.ContainsNan: containsNan = decoder.ReadBoolean(); break;
                case FieldIds.LowerBound: lower = decoder.ReadBytes().ToArray(); break;
                case FieldIds.UpperBound: upper = decoder.ReadBytes().ToArray(); break;
                default: decoder.Skip(step.Value); break;
            }
        }

        // Not knowing is the careful answer.
        return new FieldSummary(containsNull ?? true, containsNan, lower is null ? default(ReadOnlyMemory<byte>?) : lower, upper is null ? default(ReadOnlyMemory<byte>?) : upper);
    }

    private static long? Number(ReadOnlySpan<long?> numbers, int id, string path) => numbers[id - FieldIds.ManifestPath] switch
    {
        < 0 and var number => throw IcebergException.Corrupt($"The manifest list says that field {id} of '{path}' is {number}; it must be written again."),
        var number => number,
    };

    private static int? Count(ReadOnlySpan<long?> numbers, int id, string path) => Number(numbers, id, path) switch
    {
        > int.MaxValue and var number => throw IcebergException.Corrupt($"The manifest list says that field {id} of '{path}' is {number}; it must be written again."),
        var number => (int?)number,
    };

    private static IcebergException Missing(string path, string what) =>
        IcebergException.Corrupt($"The manifest list does not give the {what} of '{path}'; it must be written again.");
}
