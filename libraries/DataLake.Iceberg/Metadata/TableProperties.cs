using System.Globalization;

namespace DataLake.Iceberg.Metadata;

/// <summary>Reads settings of a table; what is missing or makes no sense is null, as if nobody had set it.</summary>
internal static class TableProperties
{
    /// <summary>The folder of data and delete files that are written for a table: <c>write.data.path</c>, else <c>data</c> below its location. Without a slash at its end.</summary>
    public static string DataFolder(TableMetadata table) => (table.Properties.GetValueOrDefault("write.data.path") ?? $"{table.Location.TrimEnd('/')}/data").TrimEnd('/');

    /// <summary>A number above zero.</summary>
    public static long? Number(TableMetadata table, string key) =>
        long.TryParse(table.Properties.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    /// <summary>A number above zero, cut to what an int holds.</summary>
    public static int? Count(TableMetadata table, string key) => Number(table, key) is { } number ? (int)Math.Min(int.MaxValue, number) : null;

    /// <summary>A time in milliseconds, above zero; what is longer than a time span holds is the longest.</summary>
    public static TimeSpan? Milliseconds(TableMetadata table, string key) =>
        Number(table, key) is { } number ? TimeSpan.FromMilliseconds(Math.Min(number, (long)TimeSpan.MaxValue.TotalMilliseconds - 1)) : null;

    /// <summary>Yes or no.</summary>
    public static bool? Flag(TableMetadata table, string key) => bool.TryParse(table.Properties.GetValueOrDefault(key), out var flag) ? flag : null;
}
