namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>Reads the body of an answer, and no more of it than is allowed, whatever its header promises.</summary>
internal static class BoundedBody
{
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.LimitExceeded"/>.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, int limit, CancellationToken cancellation)
    {
        if (content.Headers.ContentLength > limit) throw TooLarge(limit);
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        using var all = new MemoryStream();
        var part = new byte[1 << 14];
        for (var read = await stream.ReadAsync(part, cancellation); read > 0; read = await stream.ReadAsync(part, cancellation))
        {
            if (all.Length + read > limit) throw TooLarge(limit);
            all.Write(part, 0, read);
        }

        return all.GetBuffer().AsMemory(0, (int)all.Length);
    }

    private static IcebergException TooLarge(int limit) => new(
        IcebergErrorKind.LimitExceeded, $"The answer of the catalog has more than {limit} bytes. Expire snapshots of the table, or raise {nameof(RestCatalogOptions.MaxResponseBytes)} if the catalog is trusted.");
}
