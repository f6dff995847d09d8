using System.Runtime.InteropServices;

namespace DataLake.Storage;

/// <summary>What .NET's own file calls do not offer: a name given in one step that never replaces another, and a directory put on disk.</summary>
internal static partial class PosixFile
{
    private const int NotPermitted = 1, NoEntry = 2, Denied = 13, CrossDevice = 18, TooManyLinks = 31, NotSupportedLinux = 95, NotSupportedMac = 45, NotImplemented = 38;

    /// <summary>Moves a file to a name that must be free. .NET's File.Move looks first and then replaces: a file that came in between would be lost.</summary>
    /// <exception cref="IOException">The name is taken, or the store refuses; HResult is the error number.</exception>
    public static void MoveNew(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            File.Move(from, to, overwrite: false);
            return;
        }

        if (Link(from, to) == 0)
        {
            File.Delete(from);
            return;
        }

        switch (Marshal.GetLastPInvokeError())
        {
            case NotPermitted or CrossDevice or TooManyLinks or NotSupportedLinux or NotSupportedMac or NotImplemented:
                File.Move(from, to, overwrite: false); // A file system without hard links.
                break;
            case var error:
                throw Of(error, to);
        }
    }

    /// <summary>Puts a directory's entries on disk: on Unix a new name is durable only once its directory was synchronised (fsync(2)).</summary>
    public static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals the entry with the rename.
        }

        const int readOnly = 0;
        var handle = Open(directory, readOnly);
        if (handle < 0)
        {
            throw Of(Marshal.GetLastPInvokeError(), directory);
        }

        try
        {
            if (FileSync(handle) != 0)
            {
                throw Of(Marshal.GetLastPInvokeError(), directory);
            }
        }
        finally
        {
            _ = Close(handle);
        }
    }

    /// <summary>
    /// When a folder was made, which is another time for one that was removed and made again. On Linux .NET's own call does not ask for it and gives a time that changes with the folder; where the file
    /// system keeps no time of birth, this one does too.
    /// </summary>
    public static DateTime BornAt(string directory)
    {
        if (!OperatingSystem.IsLinux())
        {
            return Directory.GetCreationTimeUtc(directory);
        }

        // statx(2): which fields are filled in stands first, the time of birth at 80: seconds and nanoseconds.
        const int workingDirectory = -100;
        const uint birthTime = 0x800;
        Span<byte> found = stackalloc byte[256];
        return StatX(workingDirectory, directory, 0, birthTime, ref found[0]) == 0 && (BitConverter.ToUInt32(found) & birthTime) != 0
            ? DateTime.UnixEpoch.AddSeconds(BitConverter.ToInt64(found[80..])).AddTicks(BitConverter.ToUInt32(found[88..]) / 100)
            : Directory.GetCreationTimeUtc(directory);
    }

    /// <summary>The exception that .NET has for an error number.</summary>
    private static Exception Of(int error, string path)
    {
        var message = $"{Marshal.GetPInvokeErrorMessage(error)}: '{path}'";
        return error switch
        {
            NoEntry => new DirectoryNotFoundException(message),
            Denied => new UnauthorizedAccessException(message),
            _ => new IOException(message, error),
        };
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, ref byte found);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int handle);
}
