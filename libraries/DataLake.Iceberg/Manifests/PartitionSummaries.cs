using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Manifests;

/// <summary>Gathers the <c>field_summary</c> of every partition field while a manifest is written.</summary>
internal sealed class PartitionSummaries(int fields)
{
    private readonly (bool Null, bool Nan, IcebergValue Lower, IcebergValue Upper)[] summaries = new (bool, bool, IcebergValue, IcebergValue)[fields];

    public void Add(PartitionTuple partition)
    {
        for (var i = 0; i < summaries.Length; i++)
        {
            ref var summary = ref summaries[i];
            var value = partition[i];
            if (value.IsNull) summary.Null = true;
            else if (value.IsNaN) summary.Nan = true;
            else
            {
                if (summary.Lower.IsNull || IcebergValue.Compare(value, summary.Lower) < 0) summary.Lower = value;
                if (summary.Upper.IsNull || IcebergValue.Compare(value, summary.Upper) > 0) summary.Upper = value;
            }
        }
    }

    public IReadOnlyList<FieldSummary> ToList() => [.. summaries.Select(summary => new FieldSummary(summary.Null, summary.Nan, Bytes(summary.Lower), Bytes(summary.Upper)))];

    private static ReadOnlyMemory<byte>? Bytes(IcebergValue value) => value.IsNull ? default(ReadOnlyMemory<byte>?) : SingleValueBinary.ToBytes(value);
}
