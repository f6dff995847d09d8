namespace DataLake.Iceberg.Types;

/// <summary>The fields of a schema at every depth, by id and by full name; finds what the specification forbids.</summary>
internal sealed class FieldIndex
{
    private readonly Dictionary<int, (NestedField Field, string FullName, int Parent, bool InListOrMap)> byId = [];
    private readonly Dictionary<string, int> byName = new(StringComparer.Ordinal);

    private readonly int highestAllowedId;

    public FieldIndex(StructType columns, int highestAllowedId)
    {
        this.highestAllowedId = highestAllowedId;
        AddStruct(columns, "", parent: -1, inListOrMap: false);
    }

    public int HighestId { get; private set; }

    public IReadOnlyCollection<int> Ids => byId.Keys;

    public NestedField? Find(int id) => byId.TryGetValue(id, out var entry) ? entry.Field : null;

    public NestedField? Find(string fullName) => byName.TryGetValue(fullName, out var id) ? Find(id) : null;

    public string? FullName(int id) => byId.TryGetValue(id, out var entry) ? entry.FullName : null;

    public bool IsOutsideListsAndMaps(int id) => byId.TryGetValue(id, out var entry) && !entry.InListOrMap;

    /// <summary>Why a field cannot identify rows, or null (<see href="https://iceberg.apache.org/spec/#identifier-field-ids">Identifier Field IDs</see>).</summary>
    public string? IdentifierFault(int id)
    {
        if (!byId.TryGetValue(id, out var entry)) return "the schema has no such field";
        if (entry.Field.Type is not PrimitiveType type) return $"'{entry.FullName}' is not primitive";
        if (type.Id is TypeId.Float or TypeId.Double) return $"'{entry.FullName}' is floating-point";
        if (entry.InListOrMap) return $"'{entry.FullName}' is inside a list or map";
        for (var at = id; at != -1; at = byId[at].Parent)
            if (!byId[at].Field.Required) return $"'{byId[at].FullName}' is optional";
        return null;
    }

    private void AddStruct(StructType type, string prefix, int parent, bool inListOrMap)
    {
        foreach (var field in type.Fields) Add(field, prefix + field.Name, parent, inListOrMap);
    }

    private void Add(NestedField field, string fullName, int parent, bool inListOrMap)
    {
        if (field.Id < 0 || field.Id > highestAllowedId)
            throw IcebergException.Invalid($"The field '{fullName}' has the id {field.Id}; ids are 0 to {Schema.HighestAllowedFieldId}, those above are reserved. Give it another.");
        if (!byId.TryAdd(field.Id, (field, fullName, parent, inListOrMap)))
            throw IcebergException.Invalid($"The fields '{FullName(field.Id)}' and '{fullName}' have the same id {field.Id}. Give one of them another.");
        if (!byName.TryAdd(fullName, field.Id))
            throw IcebergException.Invalid($"Two fields have the full name '{fullName}' (ids {byName[fullName]} and {field.Id}). Rename one of them.");
        HighestId = Math.Max(HighestId, field.Id);
        switch (field.Type)
        {
            case StructType nested:
                AddStruct(nested, fullName + ".", field.Id, inListOrMap);
                break;
            case ListType list:
                Add(new NestedField(list.ElementId, "element", list.Element, list.ElementRequired), fullName + ".element", field.Id, inListOrMap: true);
                break;
            case MapType map:
                Add(new NestedField(map.KeyId, "key", map.Key, Required: true), fullName + ".key", field.Id, inListOrMap: true);
                Add(new NestedField(map.ValueId, "value", map.Value, map.ValueRequired), fullName + ".value", field.Id, inListOrMap: true);
                break;
        }
    }
}
