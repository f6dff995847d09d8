namespace DataLake.Parquet.Columns;

/// <summary>The values of a page in PLAIN encoding (booleans: one byte each), behind some free bytes of the same array.</summary>
/// <param name="storage">The free bytes and the values.</param>
/// <param name="headroom">How many bytes are free: a page's levels fit there more often than not, which saves a copy of the page.</param>
internal readonly ref struct OpenPage(Span<byte> storage, int headroom)
{
    public ReadOnlySpan<byte> Values => Storage[Headroom..];

    public Span<byte> Storage { get; } = storage;

    public int Headroom { get; } = headroom;
}
