namespace DataLake.Iceberg.Types;

/// <summary>Which primitive type a column may become (<see href="https://iceberg.apache.org/spec/#schema-evolution">Schema Evolution</see>, versions 1 and 2).</summary>
public static class TypePromotion
{
    /// <summary>Whether files written as <paramref name="from"/> can be read as <paramref name="to"/>: int to long, float to double, a decimal of more digits.</summary>
    public static bool IsAllowed(PrimitiveType from, PrimitiveType to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        return from.Equals(to) || (from.Id, to.Id) switch
        {
            (TypeId.Int, TypeId.Long) or (TypeId.Float, TypeId.Double) => true,
            (TypeId.Decimal, TypeId.Decimal) => from.Scale == to.Scale && from.Precision <= to.Precision,
            _ => false,
        };
    }
}
