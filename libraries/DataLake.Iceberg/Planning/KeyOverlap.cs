using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Planning;

/// <summary>Whether an equality delete file can have a key of a data file, by what is known of both: it spares readers and compaction keys that lie elsewhere.</summary>
internal static class KeyOverlap
{
    /// <summary>Whether a key can be in both. What is not known rules nothing out.</summary>
    public static bool IsPossible(Schema schema, DataFile delete, DataFile data)
    {
        foreach (var id in delete.EqualityIds ?? [])
        {
            // NaNs are in no bounds, and equal each other.
            if (schema.FindField(id)?.Type is not PrimitiveType { Id: not (TypeId.Float or TypeId.Double) } type || (MayHaveNull(delete, id) && MayHaveNull(data, id))) continue;
            if (Lies(type, delete.UpperBounds, data.LowerBounds, id) < 0 || Lies(type, delete.LowerBounds, data.UpperBounds, id) > 0) return false;
        }

        return true;
    }

    private static bool MayHaveNull(DataFile file, int id) => file.NullValueCounts?.TryGetValue(id, out var nulls) != true || nulls > 0;

    /// <summary>How one bound lies to another; 0 where one is not known.</summary>
    private static int Lies(PrimitiveType type, FieldMap<ReadOnlyMemory<byte>>? mine, FieldMap<ReadOnlyMemory<byte>>? theirs, int id)
    {
        ReadOnlyMemory<byte> left = default, right = default;
        return mine?.TryGetValue(id, out left) == true && theirs?.TryGetValue(id, out right) == true ? IcebergValue.Compare(SingleValueBinary.Read(type, left.Span), SingleValueBinary.Read(type, right.Span)) : 0;
    }
}
