using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Partitioning;

/// <summary>Brings partition values that were written before a column's type was promoted to the type of today.</summary>
internal static class PartitionPromotion
{
    public static PartitionTuple Promote(PartitionTuple partition, StructType type)
    {
        for (var i = 0; i < partition.Count && i < type.Fields.Count; i++)
        {
            if (partition[i].IsNull || partition[i].Type == ((PrimitiveType)type.Fields[i].Type).Id) continue;
            var values = partition.Values.ToArray();
            for (; i < values.Length; i++) values[i] = Promote(values[i], (PrimitiveType)type.Fields[i].Type);
            return new PartitionTuple(values);
        }

        return partition;
    }

    public static IcebergValue Promote(IcebergValue value, PrimitiveType type) => (value.Type, type.Id) switch
    {
        (TypeId.Int, TypeId.Long) => IcebergValue.Long(value.AsLong()),
        (TypeId.Float, TypeId.Double) => IcebergValue.Double(value.AsFloat()),
        _ => value,
    };
}
