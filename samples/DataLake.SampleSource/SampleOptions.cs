namespace DataLake.SampleSource;

/// <summary>What the sample's tables hold. The same values give the same contents, byte for byte.</summary>
public sealed record SampleOptions
{
    /// <summary>Rows over all four tables: a tenth each in deposits, investments and loans, the rest in shipments.</summary>
    public long Rows { get; init; } = 100_000;

    /// <summary>Chooses the contents.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The end of the 30 days over which created_at and updated_at are spread; no row is later.</summary>
    public required DateTimeOffset AsOf { get; init; }
}
