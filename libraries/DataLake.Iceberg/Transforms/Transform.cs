using System.Globalization;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Transforms;

/// <summary>How a partition or sort value comes from a column's (<see href="https://iceberg.apache.org/spec/#partition-transforms">Partition Transforms</see>). Its text is its JSON form.</summary>
public abstract record Transform
{
    private protected Transform()
    {
    }

    /// <summary>The value unchanged.</summary>
    public static Transform Identity { get; } = new IdentityTransform();

    /// <summary>Years since 1970.</summary>
    public static Transform Year { get; } = new CalendarTransform(CalendarUnit.Year);

    /// <summary>Months since 1970-01.</summary>
    public static Transform Month { get; } = new CalendarTransform(CalendarUnit.Month);

    /// <summary>Days since 1970-01-01, as a date.</summary>
    public static Transform Day { get; } = new CalendarTransform(CalendarUnit.Day);

    /// <summary>Hours since 1970-01-01 00:00.</summary>
    public static Transform Hour { get; } = new CalendarTransform(CalendarUnit.Hour);

    /// <summary>Always null: a partition field that was dropped.</summary>
    public static Transform Void { get; } = new VoidTransform();

    /// <summary>Whether this library knows the transform; files must not be written by a spec that has an unknown one.</summary>
    public virtual bool IsKnown => true;

    /// <summary>Whether the values of the transform rise with those of the column.</summary>
    public virtual bool PreservesOrder => false;

    /// <summary>A hash modulo the number of buckets.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: fewer than one bucket.</exception>
    public static Transform Bucket(int buckets) =>
        buckets > 0 ? new BucketTransform(buckets) : throw IcebergException.Invalid($"bucket[{buckets}] has no buckets; choose one or more.");

    /// <summary>Numbers rounded down to a multiple of the width; text and bytes cut to a length.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a width below one.</exception>
    public static Transform Truncate(int width) =>
        width > 0 ? new TruncateTransform(width) : throw IcebergException.Invalid($"truncate[{width}] has no width; choose one or more.");

    /// <summary>Reads the JSON form. A transform that this library does not know becomes an <see cref="UnknownTransform"/>, which can be kept but not computed.</summary>
    public static Transform Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.ToLowerInvariant() switch
        {
            "identity" => Identity,
            "year" => Year,
            "month" => Month,
            "day" => Day,
            "hour" => Hour,
            "void" => Void,
            var name when Parameter(name, "bucket[") is { } buckets => Bucket(buckets),
            var name when Parameter(name, "truncate[") is { } width => Truncate(width),
            _ => new UnknownTransform(text),
        };
    }

    /// <summary>Whether the transform can take values of a type.</summary>
    public abstract bool CanTransform(PrimitiveType source);

    /// <summary>The type of the transform's values.</summary>
    /// <param name="source">The type of the column.</param>
    public abstract PrimitiveType ResultType(PrimitiveType source);

    /// <summary>The transformed value; null gives null.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the transform does not take values of this type, or the result does not fit its type.</exception>
    public IcebergValue Apply(IcebergValue value) => value.IsNull ? IcebergValue.Null : ApplyTo(value);

    /// <summary>A result as text for people, as it stands in the path of a partition.</summary>
    /// <param name="source">The type of the column.</param>
    /// <param name="result">A value that <see cref="Apply"/> gave.</param>
    public virtual string ToText(PrimitiveType source, IcebergValue result) => ValueText.ForPeople(ResultType(source), result);

    private protected abstract IcebergValue ApplyTo(IcebergValue value);

    private protected IcebergException NotFor(IcebergValue value) =>
        IcebergException.Invalid($"The transform {this} does not take {value.Type} values; choose another column or transform.");

    private static int? Parameter(string text, string prefix) =>
        text.StartsWith(prefix, StringComparison.Ordinal) && text.EndsWith(']') &&
        int.TryParse(text.AsSpan()[prefix.Length..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
}

/// <summary>A transform of a later version, kept by its text.</summary>
/// <param name="Text">The text as it was read.</param>
public sealed record UnknownTransform(string Text) : Transform
{
    /// <inheritdoc/>
    public override bool IsKnown => false;

    /// <inheritdoc/>
    public override bool CanTransform(PrimitiveType source) => true;

    /// <inheritdoc/>
    public override PrimitiveType ResultType(PrimitiveType source) => PrimitiveType.String;

    /// <inheritdoc/>
    public override string ToString() => Text;

    private protected override IcebergValue ApplyTo(IcebergValue value) =>
        throw IcebergException.Unsupported($"The transform '{Text}' is not known here, so no file can be written by a partition spec that has it; change the table's default spec.");
}

internal sealed record IdentityTransform : Transform
{
    public override bool PreservesOrder => true;

    public override bool CanTransform(PrimitiveType source) => true;

    public override PrimitiveType ResultType(PrimitiveType source) => source;

    public override string ToString() => "identity";

    private protected override IcebergValue ApplyTo(IcebergValue value) => value;
}

internal sealed record VoidTransform : Transform
{
    public override bool CanTransform(PrimitiveType source) => true;

    public override PrimitiveType ResultType(PrimitiveType source) => source;

    public override string ToString() => "void";

    private protected override IcebergValue ApplyTo(IcebergValue value) => IcebergValue.Null;
}
