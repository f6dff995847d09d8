namespace DataLake.Storage;

/// <summary>What went wrong with the lake's store.</summary>
public enum StorageErrorKind
{
    /// <summary>No room is left where the lake is kept.</summary>
    Full,

    /// <summary>The store refuses this process.</summary>
    Denied,

    /// <summary>Nothing is there under that path.</summary>
    Missing,

    /// <summary>Something is there already, and the store never overwrites.</summary>
    Exists,

    /// <summary>What was written is not what is read back.</summary>
    Damaged,

    /// <summary>The store answered with another error.</summary>
    Failed,
}

/// <summary>An error of the lake's store, with what to do about it.</summary>
public sealed class StorageException(StorageErrorKind kind, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What went wrong.</summary>
    public StorageErrorKind Kind { get; } = kind;

    /// <summary>Whether the same call may succeed later without a change by a person.</summary>
    public bool CanRetry => Kind is StorageErrorKind.Full or StorageErrorKind.Damaged or StorageErrorKind.Failed;

    /// <summary>Says what an input/output error means for the lake.</summary>
    internal static StorageException From(IOException error, string path, string root)
    {
        const int noSpaceUnix = 28, quotaLinux = 122, quotaMac = 69, fileTooLargeUnix = 27, readOnlyUnix = 30, diskFullWindows = 0x70, handleDiskFullWindows = 0x27;
        var code = error.HResult & 0xFFFF;
        var isFull = OperatingSystem.IsWindows() ? code is diskFullWindows or handleDiskFullWindows
            : code is noSpaceUnix or fileTooLargeUnix || code == (OperatingSystem.IsMacOS() ? quotaMac : quotaLinux);
        return error switch
        {
            FileNotFoundException or DirectoryNotFoundException => new(StorageErrorKind.Missing,
                $"The lake has no file '{path}' under '{root}'.", error),
            _ when !OperatingSystem.IsWindows() && code == readOnlyUnix => Denied(error, path, root),
            _ when isFull => new(StorageErrorKind.Full,
                $"No room is left for the lake in '{root}' (while writing '{path}'). Free some space or move the lake with --data-dir; the run is tried again.", error),
            _ => new(StorageErrorKind.Failed, $"The lake's folder '{root}' answered with an error for '{path}': {error.Message}", error),
        };
    }

    /// <summary>The error of a store that refuses this process.</summary>
    internal static StorageException Denied(Exception error, string path, string root) => new(StorageErrorKind.Denied,
        $"This process may not use '{path}' in the lake's folder '{root}'. Give its user the right to read and write there, or choose another folder with --data-dir.", error);
}
