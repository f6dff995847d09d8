using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Transforms;

/// <summary><see href="https://iceberg.apache.org/spec/#bucket-transform-details">Bucket Transform Details</see>.</summary>
internal sealed record BucketTransform(int Buckets) : Transform
{
    public override bool CanTransform(PrimitiveType source) => source.Id is not (TypeId.Boolean or TypeId.Float or TypeId.Double);

    public override PrimitiveType ResultType(PrimitiveType source) => PrimitiveType.Int;

    public override string ToString() => $"bucket[{Buckets}]";

    private protected override IcebergValue ApplyTo(IcebergValue value) =>
        value.Type is TypeId.Boolean or TypeId.Float or TypeId.Double ? throw NotFor(value) : IcebergValue.Int((Murmur3.Hash(value) & int.MaxValue) % Buckets);
}
