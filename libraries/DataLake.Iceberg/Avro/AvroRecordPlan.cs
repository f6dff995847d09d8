namespace DataLake.Iceberg.Avro;

/// <summary>One field of a writer's record, as its reader takes it.</summary>
/// <param name="Id">The field id, or -1 for a field that nobody asks for.</param>
/// <param name="Value">The schema of the value, without the union that makes it optional.</param>
/// <param name="NullBranch">Where null stands in that union, or -1 when the value is always there.</param>
internal readonly record struct AvroStep(int Id, AvroSchema Value, int NullBranch)
{
    public void RequireKind(params ReadOnlySpan<AvroKind> kinds)
    {
        if (!kinds.Contains(Value.Kind))
            throw IcebergException.Unsupported($"The field {Id} of the Avro file is of kind {Value.Kind}, which the specification does not allow; the file must be written again.");
    }
}

/// <summary>The steps that read a writer's record, field by field in the writer's order: resolved once a file, so that a record costs no look-ups.</summary>
internal static class AvroRecordPlan
{
    /// <summary>Resolves the fields of a record by their ids or, where the writer stored none, by their names.</summary>
    public static AvroStep[] Of(AvroSchema record, IReadOnlyDictionary<string, int> names)
    {
        if (record.Kind != AvroKind.Record)
            throw IcebergException.Corrupt($"An Avro record was expected where the file has {record.Kind}; check that the path is that of the right file.");
        var known = names.Values.ToHashSet();
        var seen = new HashSet<int>();
        return [.. record.Fields.Select(Step)];

        AvroStep Step(AvroField field)
        {
            var id = field.FieldId ?? names.GetValueOrDefault(field.OriginalName ?? field.Name, -1);
            if (!known.Contains(id)) return new AvroStep(-1, field.Schema, -1);
            if (!seen.Add(id)) throw IcebergException.Corrupt($"An Avro record has two fields with the id {id}; the file must be written again.");
            return new AvroStep(id, field.Schema.Value, field.Schema.NullBranch);
        }
    }

    /// <summary>Fails when the writer left a field out that no reader can do without.</summary>
    public static void Require(AvroStep[] steps, string what, params ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
            if (!steps.Any(step => step.Id == id)) throw IcebergException.Corrupt($"The {what} has no field {id}, which is required; check that the path is that of a {what}.");
    }

    /// <summary>The key and value of an array of records that stands for a map.</summary>
    public static (AvroStep Key, AvroStep Value) KeyValue(AvroStep map)
    {
        map.RequireKind(AvroKind.Array);
        var record = map.Value.Items!;
        if (record.Kind != AvroKind.Record || record.Fields.Count != 2)
            throw IcebergException.Unsupported($"The map {map.Id} of the Avro file is not an array of records with a key and a value; the file must be written again.");
        return (new AvroStep(map.Id, record.Fields[0].Schema.Value, record.Fields[0].Schema.NullBranch), new AvroStep(map.Id, record.Fields[1].Schema.Value, record.Fields[1].Schema.NullBranch));
    }
}
