using DataLake.Iceberg.Avro;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Manifests;

/// <summary>
/// Decodes partition tuples by the writer's Avro types, not by the table's schema: the source column of an old spec may be gone. A writer's int of a day
/// transform becomes the date it stands for.
/// </summary>
internal sealed class PartitionDecoder
{
    private readonly AvroStep[] steps;
    private readonly int[] positions;
    private readonly TypeId[] types;
    private readonly int count;

    public PartitionDecoder(AvroSchema record, PartitionSpec spec)
    {
        var ids = spec.Fields.ToDictionary(field => field.Name, field => field.FieldId, StringComparer.Ordinal);
        foreach (var field in spec.Fields) ids.TryAdd(IcebergToAvro.AvroName(field.Name), field.FieldId);
        steps = AvroRecordPlan.Of(record, ids);
        count = spec.Fields.Count;
        positions = new int[steps.Length];
        types = new TypeId[steps.Length];
        for (var i = 0; i < steps.Length; i++)
        {
            if (steps[i].Id < 0) continue;
            positions[i] = IndexOf(spec.Fields, steps[i].Id);
            types[i] = TypeOf(steps[i].Value);
            if (types[i] == TypeId.Int && spec.Fields[positions[i]].Transform == Transform.Day) types[i] = TypeId.Date;
        }
    }

    public PartitionTuple Read(ref AvroDecoder decoder)
    {
        if (count == 0)
        {
            foreach (var step in steps) decoder.Skip(step.Value);
            return PartitionTuple.Empty;
        }

        var values = new IcebergValue[count];
        for (var i = 0; i < steps.Length; i++)
        {
            ref readonly var step = ref steps[i];
            if (step.Id < 0) decoder.Skip(step.Value);
            else if (decoder.ReadPresence(step.NullBranch)) values[positions[i]] = ReadValue(ref decoder, types[i], step.Value.Size);
        }

        return new PartitionTuple(values);
    }

    private static int IndexOf(IReadOnlyList<PartitionField> fields, int id)
    {
        for (var i = 0; i < fields.Count; i++)
            if (fields[i].FieldId == id) return i;
        return -1;
    }

    /// <summary>Which type an Avro schema stands for (<see href="https://iceberg.apache.org/spec/#avro">Appendix A, Avro</see>).</summary>
    private static TypeId TypeOf(AvroSchema schema) => (schema.Kind, schema.LogicalType) switch
    {
        (AvroKind.Null, _) => TypeId.None,
        (AvroKind.Boolean, _) => TypeId.Boolean,
        (AvroKind.Int, "date") => TypeId.Date,
        (AvroKind.Int, _) => TypeId.Int,
        (AvroKind.Long, "time-micros") => TypeId.Time,
        (AvroKind.Long, "timestamp-micros") => schema.AdjustToUtc ? TypeId.Timestamptz : TypeId.Timestamp,
        (AvroKind.Long, "timestamp-nanos") => schema.AdjustToUtc ? TypeId.TimestamptzNs : TypeId.TimestampNs,
        (AvroKind.Long, _) => TypeId.Long,
        (AvroKind.Float, _) => TypeId.Float,
        (AvroKind.Double, _) => TypeId.Double,
        (AvroKind.String, _) => TypeId.String,
        (AvroKind.Bytes or AvroKind.Fixed, "decimal") => TypeId.Decimal,
        (AvroKind.Bytes, _) => TypeId.Binary,
        (AvroKind.Fixed, "uuid") when schema.Size == 16 => TypeId.Uuid,
        (AvroKind.Fixed, _) => TypeId.Fixed,
        _ => throw IcebergException.Unsupported($"A manifest has partition values of the Avro kind {schema.Kind}, which the specification does not allow; it must be written again."),
    };

    private static IcebergValue ReadValue(ref AvroDecoder decoder, TypeId type, int size) => type switch
    {
        TypeId.Boolean => IcebergValue.Boolean(decoder.ReadBoolean()),
        TypeId.Int => IcebergValue.Int(decoder.ReadInt32()),
        TypeId.Date => IcebergValue.Date(decoder.ReadInt32()),
        TypeId.Long => IcebergValue.Long(decoder.ReadInt64()),
        TypeId.Time => IcebergValue.Time(decoder.ReadInt64()),
        TypeId.Timestamp => IcebergValue.Timestamp(decoder.ReadInt64()),
        TypeId.Timestamptz => IcebergValue.Timestamptz(decoder.ReadInt64()),
        TypeId.TimestampNs => IcebergValue.TimestampNs(decoder.ReadInt64()),
        TypeId.TimestamptzNs => IcebergValue.TimestamptzNs(decoder.ReadInt64()),
        TypeId.Float => IcebergValue.Float(decoder.ReadSingle()),
        TypeId.Double => IcebergValue.Double(decoder.ReadDouble()),
        TypeId.String => IcebergValue.String(decoder.ReadString()),
        TypeId.Uuid => IcebergValue.Uuid(new Guid(decoder.ReadFixed(16), bigEndian: true)),
        TypeId.Decimal => DecimalBytes.TryRead(size > 0 ? decoder.ReadFixed(size) : decoder.ReadBytes(), out var unscaled)
            ? IcebergValue.Decimal(unscaled)
            : throw IcebergException.Corrupt("A partition value in a manifest is a decimal of more than 38 digits; the manifest must be written again."),
        TypeId.Binary => IcebergValue.Binary(decoder.ReadBytes().ToArray()),
        TypeId.Fixed => IcebergValue.Fixed(decoder.ReadFixed(size).ToArray()),
        _ => IcebergValue.Null,
    };
}
