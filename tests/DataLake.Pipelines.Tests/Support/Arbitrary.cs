using FsCheck;
using FsCheck.Fluent;

namespace DataLake.Pipelines.Tests.Support;

/// <summary>Random values for property tests, most of them near where things go wrong.</summary>
internal static class Arbitrary
{
    private static readonly DateTimeOffset[] YearEndsAndLeapDays =
        [.. from year in Enumerable.Range(1996, 40) from day in (string[])["01-01", "03-01", "12-31"] select DateTimeOffset.Parse($"{year}-{day}T00:00:00Z", null)];

    public static readonly Gen<TimeZoneInfo> Zone = Gen.Elements<TimeZoneInfo>(DifficultZones.All);

    public static Gen<DateTimeOffset> InstantIn(TimeZoneInfo zone)
    {
        var seconds = Gen.Choose(-36 * 3600, 36 * 3600).Select(count => TimeSpan.FromSeconds(count));
        var nearChange = from change in Gen.Elements<DateTimeOffset>(DifficultZones.ChangesOf(zone)) from distance in seconds select change + distance;
        var onQuarter = from change in Gen.Elements<DateTimeOffset>(DifficultZones.ChangesOf(zone)) from quarter in Gen.Choose(-60, 60) select change.AddMinutes(15 * quarter);
        var nearYearEnd = from day in Gen.Elements(YearEndsAndLeapDays) from distance in seconds select day + distance;
        var anywhere = from day in Gen.Choose(-3000, 22_000) from second in Gen.Choose(0, 86_399) from micro in Gen.Choose(0, 999_999)
                       select DateTimeOffset.UnixEpoch.AddDays(day).AddSeconds(second).AddMicroseconds(micro);
        return Gen.OneOf(nearChange, onQuarter, nearYearEnd, anywhere);
    }

    public static void Holds<T>(Gen<T> values, Action<T> property, int count = 300) =>
        Prop.ForAll(values.ToArbitrary(), property).Check(Config.QuickThrowOnFailure.WithMaxTest(count));
}
