using System.Globalization;

namespace DataLake.AppHost.Progress;

/// <summary>Bytes as people read them.</summary>
internal static class ByteSize
{
    /// <summary>For example <c>4.2 MB</c> (of 1,000,000 bytes).</summary>
    public static string Of(long bytes) => bytes switch
    {
        >= 1_000_000_000 => (bytes / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + " GB",
        >= 1_000_000 => (bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + " MB",
        >= 1_000 => (bytes / 1e3).ToString("0.0", CultureInfo.InvariantCulture) + " kB",
        _ => bytes.ToString(CultureInfo.InvariantCulture) + " B",
    };
}
