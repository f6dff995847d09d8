using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Layout;

/// <summary>Finds out from what is known of a file in which partition it lies, without reading it. A file whose rows may lie in several is listed without a partition, which a table's spec without fields allows.</summary>
public static class FilePlacement
{
    /// <summary>Puts a data file into the partition of a table's default spec in which all its rows lie, or where that cannot be told, into the spec without partitions.</summary>
    /// <param name="table">The table.</param>
    /// <param name="file">The file with its counts and bounds.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: it cannot be told, and the table has no spec without partitions (<see cref="TableLayout.Updates"/> adds it).</exception>
    public static DataFile Place(TableMetadata table, DataFile file)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(file);
        if (!table.DefaultSpec.IsUnpartitioned && PartitionOf(table.DefaultSpec, table.CurrentSchema, file) is { } partition) return file with { PartitionSpecId = table.DefaultSpecId, Partition = partition };
        return Everywhere(table, file);
    }

    /// <summary>Puts a file, of data or of keys that are deleted wherever they are, into the spec without partitions.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the table has none.</exception>
    internal static DataFile Everywhere(TableMetadata table, DataFile file)
    {
        var without = table.DefaultSpec.IsUnpartitioned ? table.DefaultSpec : table.PartitionSpecs.FirstOrDefault(spec => spec.IsUnpartitioned)
            ?? throw IcebergException.Invalid($"The rows of {file.FilePath} may lie in several partitions, and the table has no spec without partitions; add one.");
        return file with { PartitionSpecId = without.SpecId, Partition = Undivided(without) };
    }

    /// <summary>The one partition of a spec without partitions.</summary>
    internal static PartitionTuple Undivided(PartitionSpec spec) => new([.. spec.Fields.Select(_ => IcebergValue.Null)]);

    /// <summary>The partition that all rows of a file lie in; null where there may be several.</summary>
    private static PartitionTuple? PartitionOf(PartitionSpec spec, Schema schema, DataFile file)
    {
        var values = new IcebergValue[spec.Fields.Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (spec.Fields[i].Transform is VoidTransform) continue;
            if (ValueOf(spec.Fields[i], schema, file) is not { } value) return null;
            values[i] = value;
        }

        return new PartitionTuple(values);
    }

    /// <summary>
    /// The partition value of all rows. Bounds may have been cut, but then they lie further apart: where a transform that keeps the order makes the same of both, it makes that of all between them, and where both are
    /// the same value, it is the only one.
    /// </summary>
    private static IcebergValue? ValueOf(PartitionField field, Schema schema, DataFile file)
    {
        if (schema.FindField(field.SourceId) is not { Type: PrimitiveType type } column) return null;
        long nulls = 0;
        var isCounted = file.NullValueCounts?.TryGetValue(field.SourceId, out nulls) == true;
        if (isCounted && nulls == file.RecordCount) return IcebergValue.Null;
        if (isCounted ? nulls > 0 : !column.Required) return null;
        if (type.Id is TypeId.Float or TypeId.Double && !(file.NanValueCounts?.TryGetValue(field.SourceId, out var nans) == true && nans == 0)) return null;
        ReadOnlyMemory<byte> lower = default, upper = default;
        if (file.LowerBounds?.TryGetValue(field.SourceId, out lower) != true || file.UpperBounds?.TryGetValue(field.SourceId, out upper) != true) return null;
        var (least, greatest) = (SingleValueBinary.Read(type, lower.Span), SingleValueBinary.Read(type, upper.Span));
        try
        {
            if (!field.Transform.PreservesOrder) return least.Equals(greatest) ? field.Transform.Apply(least) : null;
            var value = field.Transform.Apply(least);
            return value.Equals(field.Transform.Apply(greatest)) ? value : null;
        }
        catch (IcebergException)
        {
            // An hour that does not fit its type, or a transform that is not known.
            return null;
        }
    }
}
