using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Planning;

/// <summary>
/// What is asked of a column: that its value lies in a range or is one of a set. It never matches null. Files are left out by it only when none of their rows can match; rows are the reader's matter.
/// -0.0 and 0.0 are one here; a NaN leaves no file out.
/// </summary>
public sealed class ColumnPredicate
{
    private readonly IcebergValue[]? values;
    private readonly IcebergValue lower;
    private readonly IcebergValue upper;

    private ColumnPredicate(int fieldId, IcebergValue[]? values, IcebergValue lower, IcebergValue upper) =>
        (FieldId, this.values, this.lower, this.upper) = (fieldId, values, Widen(lower, isLower: true), Widen(upper, isLower: false));

    /// <summary>The column.</summary>
    public int FieldId { get; }

    /// <summary>The values where it is a set, rising; otherwise null.</summary>
    public IReadOnlyList<IcebergValue>? Values => values;

    /// <summary>The least value that matches; null where there is no limit.</summary>
    public IcebergValue Lower => lower;

    /// <summary>The greatest value that matches; null where there is no limit.</summary>
    public IcebergValue Upper => upper;

    /// <summary>The value is this one.</summary>
    public static ColumnPredicate Equal(int fieldId, IcebergValue value) => In(fieldId, [value]);

    /// <summary>The value is one of these; of the type of the column.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: there is none, one is null, or they are of several types.</exception>
    public static ColumnPredicate In(int fieldId, IEnumerable<IcebergValue> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        IcebergValue[] sorted = [.. values.SelectMany(Zeros)];
        if (sorted.Length == 0 || sorted.Any(value => value.IsNull)) throw IcebergException.Invalid("A predicate needs one value or more, and none of them null.");
        if (sorted.Any(value => value.IsNaN)) return new(fieldId, null, IcebergValue.Null, IcebergValue.Null);
        Array.Sort(sorted, IcebergValue.Compare);
        return new(fieldId, sorted, sorted[0], sorted[^1]);
    }

    /// <summary>The value lies between two, both included; null where there is no limit.</summary>
    public static ColumnPredicate Between(int fieldId, IcebergValue lower, IcebergValue upper) => new(fieldId, null, lower, upper);

    /// <summary>Whether a value between two bounds can match; null bounds are not known.</summary>
    internal bool CanMatch(IcebergValue least, IcebergValue greatest)
    {
        if (!lower.IsNull && !greatest.IsNull && IcebergValue.Compare(greatest, lower) < 0) return false;
        if (!upper.IsNull && !least.IsNull && IcebergValue.Compare(least, upper) > 0) return false;
        if (values is null || least.IsNull) return true;
        var at = Array.BinarySearch(values, least, Comparer);
        if (at >= 0) return true;
        return ~at < values.Length && (greatest.IsNull || IcebergValue.Compare(values[~at], greatest) <= 0);
    }

    internal static Comparer<IcebergValue> Comparer { get; } = Comparer<IcebergValue>.Create(IcebergValue.Compare);

    private static IcebergValue Widen(IcebergValue limit, bool isLower) => limit.IsNaN ? IcebergValue.Null : limit.Type switch
    {
        TypeId.Float when limit.AsFloat() == 0 => IcebergValue.Float(isLower ? -0f : 0f),
        TypeId.Double when limit.AsDouble() == 0 => IcebergValue.Double(isLower ? -0d : 0d),
        _ => limit,
    };

    private static IEnumerable<IcebergValue> Zeros(IcebergValue value) =>
        Widen(value, isLower: true) is var less && Widen(value, isLower: false) is var more && !less.Equals(more) ? [less, more] : [value];
}
