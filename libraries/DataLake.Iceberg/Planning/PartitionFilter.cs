using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Planning;

/// <summary>What predicates on columns mean for the partitions of one spec (<see href="https://iceberg.apache.org/spec/#scan-planning">Scan Planning</see>, inclusive projection).</summary>
internal sealed class PartitionFilter
{
    private readonly List<(int Position, PrimitiveType Type, ColumnPredicate Predicate)> parts = [];

    public PartitionFilter(PartitionSpec spec, Schema schema, IReadOnlyList<ColumnPredicate> predicates)
    {
        for (var i = 0; i < spec.Fields.Count; i++)
        {
            var field = spec.Fields[i];
            if (field.Transform is VoidTransform or UnknownTransform || schema.FindField(field.SourceId)?.Type is not PrimitiveType source) continue;
            foreach (var predicate in predicates)
                if (predicate.FieldId == field.SourceId && Project(field.Transform, predicate) is { } projected) parts.Add((i, field.Transform.ResultType(source), projected));
        }
    }

    /// <summary>Whether a manifest can list a file that matches.</summary>
    public bool CanMatch(ManifestFile manifest)
    {
        if (manifest.Partitions is not { } summaries) return true;
        foreach (var (position, type, predicate) in parts)
        {
            if (position >= summaries.Count) continue;
            var summary = summaries[position];

            // Values that are NaN are in no bounds.
            if (summary.ContainsNan is not false && type.Id is TypeId.Float or TypeId.Double) continue;
            if (summary.LowerBound is null && summary.UpperBound is null) return false;
            if (!predicate.CanMatch(Read(type, summary.LowerBound), Read(type, summary.UpperBound))) return false;
        }

        return true;
    }

    /// <summary>Whether a file of a partition can match.</summary>
    public bool CanMatch(PartitionTuple partition)
    {
        foreach (var (position, type, predicate) in parts)
        {
            var value = PartitionPromotion.Promote(partition[position], type);
            if (value.IsNull) return false;
            if (!value.IsNaN && !predicate.CanMatch(value, value)) return false;
        }

        return true;
    }

    private static IcebergValue Read(PrimitiveType type, ReadOnlyMemory<byte>? bound) => bound is { } bytes ? SingleValueBinary.Read(type, bytes.Span) : IcebergValue.Null;

    private static ColumnPredicate? Project(Transform transform, ColumnPredicate predicate)
    {
        try
        {
            if (predicate.Values is { } values) return ColumnPredicate.In(predicate.FieldId, values.Select(transform.Apply));
            if (!transform.PreservesOrder) return null;
            var (lower, upper) = (transform.Apply(predicate.Lower), transform.Apply(predicate.Upper));

            // Truncation wraps around below the least multiple: the order does not hold there, and nothing is left out. Without a limit below, values that wrapped may lie above any upper limit.
            if (transform is TruncateTransform && (predicate.Lower.IsNull || (!predicate.Upper.IsNull && IcebergValue.Compare(lower, upper) > 0))) return null;
            return ColumnPredicate.Between(predicate.FieldId, lower, upper);
        }
        catch (IcebergException)
        {
            // An hour that does not fit its type, say: this field cannot help.
            return null;
        }
    }
}
