using System.Text.Json;

namespace DataLake.Iceberg.Json;

/// <summary>
/// Fields of a JSON object that this library does not know, kept as they were written so that they survive a round trip. Two are equal when they hold the
/// same names and texts in the same order.
/// </summary>
public sealed class JsonFields : IEquatable<JsonFields>
{
    private readonly IReadOnlyList<KeyValuePair<string, string>> fields;

    internal JsonFields(IReadOnlyList<KeyValuePair<string, string>> fields) => this.fields = fields;

    /// <summary>No fields.</summary>
    public static JsonFields None { get; } = new([]);

    /// <summary>How many there are.</summary>
    public int Count => fields.Count;

    /// <summary>Their names, in the order they were read.</summary>
    public IEnumerable<string> Names => fields.Select(entry => entry.Key);

    /// <summary>The JSON text of a field, or null when there is none of that name.</summary>
    public string? TextOf(string name)
    {
        foreach (var field in fields)
            if (field.Key == name) return field.Value;
        return null;
    }

    /// <inheritdoc/>
    public bool Equals(JsonFields? other) => other is not null && fields.SequenceEqual(other.fields);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as JsonFields);

    /// <inheritdoc/>
    public override int GetHashCode() => fields.Count == 0 ? 0 : HashCode.Combine(fields.Count, fields[0]);

    internal void WriteTo(Utf8JsonWriter writer)
    {
        foreach (var (name, text) in fields)
        {
            writer.WritePropertyName(name);

            // It was parsed when it was read; checked again it would be held to a lesser depth.
            writer.WriteRawValue(text, skipInputValidation: true);
        }
    }
}
