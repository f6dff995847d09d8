using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Planning;

/// <summary>Which files of a table can hold rows that meet all of some predicates.</summary>
public sealed class FileFilter
{
    private readonly TableMetadata table;
    private readonly Schema schema;
    private readonly IReadOnlyList<ColumnPredicate> predicates;
    private readonly List<(ColumnPredicate Predicate, PrimitiveType Type)> columns = [];
    private readonly Dictionary<int, PartitionFilter> partitions = [];

    /// <summary>A filter for a table's files.</summary>
    /// <param name="table">The table.</param>
    /// <param name="predicates">The predicates; values are of the types that the columns have in the table's current schema.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a column is not there, is inside a list or map, or has another type.</exception>
    public FileFilter(TableMetadata table, params IReadOnlyList<ColumnPredicate> predicates)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(predicates);
        (this.table, this.predicates, schema) = (table, predicates, table.CurrentSchema);
        foreach (var predicate in predicates)
        {
            if (schema.FindField(predicate.FieldId)?.Type is not PrimitiveType type || !schema.HasOneValueARow(predicate.FieldId))
                throw IcebergException.Invalid($"The predicate asks for field {predicate.FieldId}, which is no primitive column of the table's schema; leave it out.");
            foreach (var value in (ReadOnlySpan<IcebergValue>)[predicate.Lower, predicate.Upper])
                if (!value.IsNull && value.Type != type.Id) throw IcebergException.Invalid($"The predicate compares '{schema.FullName(predicate.FieldId)}', which is {type}, with a {value.Type}; convert the value.");
            columns.Add((predicate, type));
        }
    }

    /// <summary>Whether a manifest can list a file that matches.</summary>
    public bool CanMatch(ManifestFile manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return Partitions(manifest.PartitionSpecId)?.CanMatch(manifest) ?? true;
    }

    /// <summary>Whether a data file can hold a row that matches, by its partition and bounds.</summary>
    public bool CanMatch(DataFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!CanMatchPartition(file)) return false;
        foreach (var (predicate, type) in columns)
        {
            if (IsAllNull(file, predicate.FieldId)) return false;
            if (!predicate.CanMatch(Bound(file.LowerBounds, predicate.FieldId, type), Bound(file.UpperBounds, predicate.FieldId, type))) return false;
        }

        return true;
    }

    /// <summary>Whether the partition of a data or delete file can match.</summary>
    public bool CanMatchPartition(DataFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Partitions(file.PartitionSpecId)?.CanMatch(file.Partition) ?? true;
    }

    private PartitionFilter? Partitions(int specId)
    {
        if (predicates.Count == 0) return null;
        if (!partitions.TryGetValue(specId, out var found) && table.FindSpec(specId) is { } spec) partitions[specId] = found = new PartitionFilter(spec, schema, predicates);
        return found;
    }

    private static bool IsAllNull(DataFile file, int fieldId)
    {
        long values = 0, nulls = 0;
        return file.ValueCounts?.TryGetValue(fieldId, out values) == true && file.NullValueCounts?.TryGetValue(fieldId, out nulls) == true && values == nulls;
    }

    private static IcebergValue Bound(FieldMap<ReadOnlyMemory<byte>>? bounds, int fieldId, PrimitiveType type) =>
        bounds is not null && bounds.TryGetValue(fieldId, out var bytes) ? SingleValueBinary.Read(type, bytes.Span) : IcebergValue.Null;
}
