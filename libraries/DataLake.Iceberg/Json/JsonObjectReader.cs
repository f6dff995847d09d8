using System.Text.Json;

namespace DataLake.Iceberg.Json;

/// <summary>Takes fields out of a JSON object; what is missing or of another type ends in an exception that names its place. Null counts as missing.</summary>
internal readonly struct JsonObjectReader
{
    private readonly JsonElement element;

    public JsonObjectReader(JsonElement element, string place)
    {
        if (element.ValueKind != JsonValueKind.Object) throw Fault(place, "must be a JSON object");
        this.element = element;
        Place = place;
    }

    /// <summary>Where the object stands, for messages: <c>table metadata.snapshots[3]</c>.</summary>
    public string Place { get; }

    public JsonElement Element => element;

    public bool Has(string name) => element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    public JsonElement Required(string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : throw Fault($"{Place}.{name}", "is missing");

    public int Int32(string name) => Required(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number)
        ? number
        : throw Fault($"{Place}.{name}", "must be a whole number of 32 bits");

    public int? OptionalInt32(string name) => Has(name) ? Int32(name) : null;

    public long Int64(string name) => Required(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number)
        ? number
        : throw Fault($"{Place}.{name}", "must be a whole number of 64 bits");

    public long? OptionalInt64(string name) => Has(name) ? Int64(name) : null;

    public bool Boolean(string name) => Required(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Fault($"{Place}.{name}", "must be true or false"),
    };

    public string Text(string name) => Required(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw Fault($"{Place}.{name}", "must be a string");

    public string? OptionalText(string name) => Has(name) ? Text(name) : null;

    public Guid Uuid(string name) => Guid.TryParse(Text(name), out var uuid) ? uuid : throw Fault($"{Place}.{name}", "must be a UUID");

    public JsonObjectReader Object(string name) => new(Required(name), $"{Place}.{name}");

    public IReadOnlyList<JsonObjectReader> Objects(string name)
    {
        var place = Place;
        return Items(name, (item, i) => new JsonObjectReader(item, $"{place}.{name}[{i}]"));
    }

    public IReadOnlyList<JsonObjectReader> OptionalObjects(string name) => Has(name) ? Objects(name) : [];

    public IReadOnlyList<int> Int32s(string name)
    {
        var place = Place;
        return Items(name, (item, i) => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number)
            ? number
            : throw Fault($"{place}.{name}[{i}]", "must be a whole number of 32 bits"));
    }

    public IReadOnlyList<long> Int64s(string name)
    {
        var place = Place;
        return Items(name, (item, i) => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var number)
            ? number
            : throw Fault($"{place}.{name}[{i}]", "must be a whole number of 64 bits"));
    }

    public IReadOnlyList<string> Texts(string name)
    {
        var place = Place;
        return Items(name, (item, i) => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Fault($"{place}.{name}[{i}]", "must be a string"));
    }

    public IReadOnlyDictionary<string, string> TextMap(string name)
    {
        if (!Has(name)) return new Dictionary<string, string>();
        var map = new Dictionary<string, string>();
        foreach (var property in Object(name).element.EnumerateObject())
        {
            map[property.Name] = property.Value.ValueKind == JsonValueKind.String
                ? property.Value.GetString()!
                : throw Fault($"{Place}.{name}.{property.Name}", "must be a string");
        }

        return map;
    }

    /// <summary>The fields that are not among <paramref name="known"/>.</summary>
    public JsonFields Others(params ReadOnlySpan<string> known)
    {
        List<KeyValuePair<string, string>>? others = null;
        foreach (var property in element.EnumerateObject())
            if (!known.Contains(property.Name)) (others ??= []).Add(new(property.Name, property.Value.GetRawText()));
        return others is null ? JsonFields.None : new JsonFields(others);
    }

    public IcebergException Fault(string name, string? problem, IcebergException? cause = null) =>
        IcebergException.Corrupt($"{Place}.{name} {problem}. Restore the file or read an earlier one.", cause);

    private static IcebergException Fault(string place, string problem) => IcebergException.Corrupt($"{place} {problem}. Restore the file or read an earlier one.");

    private List<T> Items<T>(string name, Func<JsonElement, int, T> read)
    {
        var array = Required(name);
        if (array.ValueKind != JsonValueKind.Array) throw Fault($"{Place}.{name}", "must be a JSON array");
        var items = new List<T>(array.GetArrayLength());
        foreach (var item in array.EnumerateArray()) items.Add(read(item, items.Count));
        return items;
    }
}
