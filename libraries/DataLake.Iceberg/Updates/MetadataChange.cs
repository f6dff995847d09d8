namespace DataLake.Iceberg.Updates;

/// <summary>When and over which file the next table metadata is made.</summary>
/// <param name="TimestampMs">Now, in milliseconds since 1970-01-01 UTC; where the table was last changed later than that, its own time counts.</param>
/// <param name="PreviousMetadataFile">Where the present table metadata was read from, for the metadata log; null when there is none or it has no place.</param>
public sealed record MetadataChange(long TimestampMs, string? PreviousMetadataFile)
{
    /// <summary>A change at the time of a clock.</summary>
    public static MetadataChange At(TimeProvider clock, string? previousMetadataFile)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return new(clock.GetUtcNow().ToUnixTimeMilliseconds(), previousMetadataFile);
    }
}
