using System.Collections;

namespace DataLake.Iceberg.Manifests;

/// <summary>
/// A metric of a data file by field id: counts, sizes or bounds. Two arrays in the order of the ids, because a table of ten thousand files has sixty thousand of them.
/// </summary>
/// <typeparam name="T">The metric.</typeparam>
public sealed class FieldMap<T> : IReadOnlyCollection<KeyValuePair<int, T>>
{
    private readonly int[] ids;
    private readonly T[] values;

    /// <summary>A map of these entries; of an id that stands twice the last counts.</summary>
    public FieldMap(IEnumerable<KeyValuePair<int, T>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var sorted = new SortedDictionary<int, T>();
        foreach (var (id, value) in entries) sorted[id] = value;
        (ids, values) = ([.. sorted.Keys], [.. sorted.Values]);
    }

    private FieldMap(int[] ids, T[] values) => (this.ids, this.values) = (ids, values);

    /// <inheritdoc/>
    public int Count => ids.Length;

    /// <summary>The field ids, rising.</summary>
    public ReadOnlySpan<int> FieldIds => ids;

    /// <summary>The metrics, in the order of <see cref="FieldIds"/>.</summary>
    public ReadOnlySpan<T> Values => values;

    /// <summary>The metric of a field.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public T this[int fieldId] => TryGetValue(fieldId, out var value) ? value : throw new KeyNotFoundException($"The field {fieldId} has no such metric.");

    /// <summary>The metric of a field, if there is one.</summary>
    public bool TryGetValue(int fieldId, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value)
    {
        var at = Array.BinarySearch(ids, fieldId);
        value = at < 0 ? default : values[at];
        return at >= 0;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<int, T>> GetEnumerator()
    {
        for (var i = 0; i < ids.Length; i++) yield return new(ids[i], values[i]);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Takes over two arrays as they come from a file: sorted as a rule, but no writer must.</summary>
    internal static FieldMap<T> Own(int[] ids, T[] values)
    {
        for (var i = 1; i < ids.Length; i++)
            if (ids[i] <= ids[i - 1]) return new FieldMap<T>(ids.Select((id, at) => new KeyValuePair<int, T>(id, values[at])));
        return new FieldMap<T>(ids, values);
    }
}
