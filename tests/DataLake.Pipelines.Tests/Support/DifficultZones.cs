namespace DataLake.Pipelines.Tests.Support;

/// <summary>Time zones that are each difficult in their own way, and the instants at which they are.</summary>
internal static class DifficultZones
{
    public static readonly TimeZoneInfo Amsterdam = Find("Europe/Amsterdam");
    public static readonly TimeZoneInfo NewYork = Find("America/New_York");
    public static readonly TimeZoneInfo LordHowe = Find("Australia/Lord_Howe");
    public static readonly TimeZoneInfo Apia = Find("Pacific/Apia");

    /// <summary>Half-hour changes, changes in Ramadan, a day that was skipped, changes at midnight, and none at all.</summary>
    public static readonly IReadOnlyList<TimeZoneInfo> All =
    [
        TimeZoneInfo.Utc, Amsterdam, NewYork, LordHowe, Apia, Find("Africa/Casablanca"), Find("America/Havana"), Find("Africa/Cairo"), Find("Asia/Kathmandu"),
    ];

    private static readonly Dictionary<TimeZoneInfo, IReadOnlyList<DateTimeOffset>> Changes = All.ToDictionary(zone => zone, FindChanges);

    public static TimeZoneInfo Find(string id) => TimeZoneInfo.FindSystemTimeZoneById(id);

    /// <summary>The instants at which the clock of a zone was changed, 1990 to 2032; one made-up instant where it never was.</summary>
    public static IReadOnlyList<DateTimeOffset> ChangesOf(TimeZoneInfo zone) => Changes[zone];

    // Found by asking TimeZoneInfo every quarter of an hour around each day that begins and ends with a different offset.
    private static IReadOnlyList<DateTimeOffset> FindChanges(TimeZoneInfo zone)
    {
        var changes = new List<DateTimeOffset>();
        for (var day = new DateTimeOffset(1990, 1, 1, 0, 0, 0, TimeSpan.Zero); day.Year < 2032; day = day.AddDays(1))
        {
            for (var time = day; zone.GetUtcOffset(day) != zone.GetUtcOffset(day.AddDays(1)) && time < day.AddDays(1); time = time.AddMinutes(15))
            {
                if (zone.GetUtcOffset(time) != zone.GetUtcOffset(time.AddMinutes(15)))
                {
                    changes.Add(time.AddMinutes(15));
                }
            }
        }

        return changes.Count > 0 ? changes : [new DateTimeOffset(2024, 2, 29, 0, 0, 0, TimeSpan.Zero)];
    }
}
