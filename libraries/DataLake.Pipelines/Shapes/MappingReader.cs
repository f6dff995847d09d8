using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>The values of one mapping, each absent, unusable (its error is recorded) or present.</summary>
internal sealed class MappingReader(Position at, IReadOnlyDictionary<Key, MappingReader.Reading> readings, bool isComplete)
{
    /// <summary>A value and where it stands; null where it could not be used.</summary>
    internal readonly record struct Reading(object? Value, Position At);

    /// <summary>Where the mapping begins.</summary>
    public Position At { get; } = at;

    /// <summary>Whether every required key is there and usable.</summary>
    public bool IsComplete { get; } = isComplete;

    /// <summary>Whether the key stands in the file, usable or not.</summary>
    public bool Has(Key key) => readings.ContainsKey(key);

    /// <summary>Where the key's value stands, or the mapping where it is absent.</summary>
    public Position AtOf(Key key) => readings.TryGetValue(key, out var reading) ? reading.At : At;

    /// <summary>The value, or <paramref name="otherwise"/> where it is absent or unusable.</summary>
    public T Get<T>(Key<T> key, T otherwise)
        where T : notnull => TryGet(key, out var value) ? value : otherwise;

    /// <summary>The value of a key that is there in every complete mapping.</summary>
    public T Required<T>(Key<T> key)
        where T : notnull => TryGet(key, out var value) ? value : throw new InvalidOperationException($"'{key.Name}' is not there.");

    /// <summary>The value, where it is there and usable.</summary>
    public bool TryGet<T>(Key<T> key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value)
        where T : notnull
    {
        if (readings.TryGetValue(key, out var reading) && reading.Value is T read)
        {
            value = read;
            return true;
        }

        value = default;
        return false;
    }
}
