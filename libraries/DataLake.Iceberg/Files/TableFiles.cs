using DataLake.Storage;

namespace DataLake.Iceberg.Files;

/// <summary>
/// The files of tables by their locations, over a lake. A location is <c>file://</c> and an absolute path with forward slashes, character by character: nothing is percent-decoded, as other Iceberg
/// implementations take it too. A file is there whole or not at all, and is never overwritten.
/// </summary>
public sealed class TableFiles(LakeDirectory lake)
{
    private const string Scheme = "file:";

    /// <summary>The location of a lake path, for example of <c>conformed/sales/orders</c>.</summary>
    public string LocationOf(string lakePath)
    {
        var path = lake.Resolve(lakePath).Replace(Path.DirectorySeparatorChar, '/');
        return path.StartsWith('/') ? $"{Scheme}//{path}" : $"{Scheme}///{path}";
    }

    /// <summary>The lake path of a location: <c>file:///path</c>, <c>file:/path</c> or a bare absolute path.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: it lies outside the lake.</exception>
    public string PathOf(string location) => TryPathOf(location) ?? throw IcebergException.Unsupported(
        $"The location '{location}' is not in the lake '{lake.Root}', and nothing outside it is read or written; choose the lake that holds the table, or move the table into this one.");

    /// <summary>The lake path of a location, or null outside the lake.</summary>
    public string? TryPathOf(string location)
    {
        ArgumentException.ThrowIfNullOrEmpty(location);
        var path = location.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? location[Scheme.Length..] : location;
        if (path.StartsWith("//", StringComparison.Ordinal)) path = path[2..];
        if (OperatingSystem.IsWindows()) path = path.TrimStart('/');
        if (!Path.IsPathFullyQualified(path)) return null;
        var relative = Path.GetRelativePath(lake.Root, Path.GetFullPath(path)).Replace(Path.DirectorySeparatorChar, '/');
        return relative is "." or ".." || relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? null : relative;
    }

    /// <summary>Starts a file that becomes visible when it is published.</summary>
    /// <exception cref="StorageException">The lake cannot be written.</exception>
    public StagedFile Create(string location) => lake.Create(PathOf(location));

    /// <summary>Opens a file.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.NotFound"/>: it is not there.</exception>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public Stream OpenRead(string location)
    {
        try
        {
            return lake.OpenRead(PathOf(location));
        }
        catch (StorageException error) when (error.Kind == StorageErrorKind.Missing)
        {
            throw new IcebergException(IcebergErrorKind.NotFound, $"The table's file '{location}' is not there; restore it, or go back to a snapshot that does not need it.", error);
        }
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="location">Where it is.</param>
    /// <param name="maxBytes">The longest file that is read.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="IcebergException">It is not there, or longer.</exception>
    public async Task<byte[]> ReadAllAsync(string location, int maxBytes, CancellationToken cancellation)
    {
        await using var stream = OpenRead(location);
        if (stream.Length > maxBytes) throw new IcebergException(IcebergErrorKind.LimitExceeded, $"The file '{location}' has {stream.Length} bytes and {maxBytes} are allowed; raise the limit if the file is trusted.");
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, cancellation);
        return bytes;
    }

    /// <summary>Writes a whole file.</summary>
    /// <exception cref="StorageException">A file is there already, or the lake cannot be written.</exception>
    public async Task WriteAllAsync(string location, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await using var file = Create(location);
        await file.Stream.WriteAsync(bytes, cancellation);
        await file.PublishAsync(cancellation);
    }

    /// <summary>Removes a file.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Delete(string location) => lake.Delete(PathOf(location));

    /// <summary>The files below a location, with their own locations, in no order.</summary>
    public IEnumerable<(string Location, LakeFile File)> List(string location) => lake.List(PathOf(location)).Select(file => (LocationOf(file.Path), file));
}
