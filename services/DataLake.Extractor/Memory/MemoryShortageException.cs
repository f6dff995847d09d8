namespace DataLake.Extractor.Memory;

/// <summary>A run needs more memory than is free now. It is given back, waits for it, and is claimed again.</summary>
/// <param name="bytes">What it needs in all.</param>
internal sealed class MemoryShortageException(long bytes) : Exception($"{bytes:N0} bytes of memory are not free now.")
{
    /// <summary>What it needs in all.</summary>
    public long Bytes => bytes;
}
