using System.Globalization;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Transforms;

internal enum CalendarUnit
{
    Year,
    Month,
    Day,
    Hour,
}

/// <summary>Years, months, days or hours since 1970, rounded down: one before 1970 is -1.</summary>
internal sealed record CalendarTransform(CalendarUnit Unit) : Transform
{
    private const long MicrosecondsPerHour = 3_600_000_000;

    public override bool PreservesOrder => true;

    public override bool CanTransform(PrimitiveType source) => source.Id is TypeId.Timestamp or TypeId.Timestamptz or TypeId.TimestampNs or TypeId.TimestamptzNs || (source.Id == TypeId.Date && Unit != CalendarUnit.Hour);

    public override PrimitiveType ResultType(PrimitiveType source) => Unit == CalendarUnit.Day ? PrimitiveType.Date : PrimitiveType.Int;

    public override string ToString() => Unit switch
    {
        CalendarUnit.Year => "year",
        CalendarUnit.Month => "month",
        CalendarUnit.Day => "day",
        _ => "hour",
    };

    public override string ToText(PrimitiveType source, IcebergValue result)
    {
        if (result.IsNull) return "null";
        var number = result.AsInt();
        switch (Unit)
        {
            case CalendarUnit.Year:
                return CalendarText.Year(1970L + number);
            case CalendarUnit.Month:
                var years = CalendarText.FloorDivide(number, 12);
                return string.Create(CultureInfo.InvariantCulture, $"{CalendarText.Year(1970 + years)}-{number - (years * 12) + 1:D2}");
            case CalendarUnit.Day:
                return CalendarText.Date(number);
            default:
                var days = CalendarText.FloorDivide(number, 24);
                return string.Create(CultureInfo.InvariantCulture, $"{CalendarText.Date(days)}-{number - (days * 24):D2}");
        }
    }

    private protected override IcebergValue ApplyTo(IcebergValue value)
    {
        long days;
        if (value.Type is TypeId.TimestampNs or TypeId.TimestamptzNs) value = IcebergValue.Timestamp(CalendarText.FloorDivide(value.AsLong(), CalendarText.NanosecondsPerMicrosecond));
        if (value.Type == TypeId.Date && Unit != CalendarUnit.Hour) days = value.AsInt();
        else if (value.Type is TypeId.Timestamp or TypeId.Timestamptz) days = CalendarText.FloorDivide(value.AsLong(), CalendarText.MicrosecondsPerDay);
        else throw NotFor(value);
        if (Unit == CalendarUnit.Day) return IcebergValue.Date((int)days);
        if (Unit == CalendarUnit.Hour) return Hours(value);
        var (year, month, _) = CalendarText.CivilDate(days);
        return IcebergValue.Int((int)(Unit == CalendarUnit.Year ? year - 1970 : ((year - 1970) * 12) + month - 1));
    }

    private static IcebergValue Hours(IcebergValue value)
    {
        var hours = CalendarText.FloorDivide(value.AsLong(), MicrosecondsPerHour);
        return hours is >= int.MinValue and <= int.MaxValue
            ? IcebergValue.Int((int)hours)
            : throw IcebergException.Invalid($"The hour of {CalendarText.Timestamp(value.AsLong(), everyDigit: false)} does not fit an int; partition by day instead.");
    }
}
