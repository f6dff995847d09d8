using System.Runtime.InteropServices;

namespace DataLake.Storage;

/// <summary>Puts a directory's entries on disk: on Unix a new name is durable only once its directory was synchronised (fsync(2)).</summary>
internal static partial class DirectorySync
{
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals the entry with the rename.
        }

        const int readOnly = 0;
        var handle = Open(directory, readOnly);
        if (handle < 0)
        {
            throw new IOException($"The folder '{directory}' cannot be opened (errno {Marshal.GetLastPInvokeError()}).");
        }

        try
        {
            if (FileSync(handle) != 0)
            {
                throw new IOException($"The folder '{directory}' cannot be synchronised (errno {Marshal.GetLastPInvokeError()}).");
            }
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int handle);
}
