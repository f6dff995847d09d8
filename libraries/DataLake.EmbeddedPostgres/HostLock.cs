using System.Runtime.Versioning;

namespace DataLake.EmbeddedPostgres;

/// <summary>The right to run a cluster: an exclusive lock (flock) that the kernel takes back however its holder ends.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class HostLock : IDisposable
{
    // EWOULDBLOCK of flock, which .NET passes on as the HResult.
    private const int LinuxWouldBlock = 11;
    private const int MacWouldBlock = 35;

    private readonly FileStream _file;

    private HostLock(FileStream file) => _file = file;

    /// <exception cref="EmbeddedPostgresException">Another host holds it, or the file cannot be made.</exception>
    internal static HostLock Take(ClusterFolder folder)
    {
        HostLock taken;
        try
        {
            taken = new HostLock(new FileStream(folder.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.FolderNotUsable,
                $"The folder {folder.Path} belongs to another account: {e.Message} Run as that account, or choose another folder.",
                e);
        }
        catch (IOException e) when (e.HResult is LinuxWouldBlock or MacWouldBlock)
        {
            throw new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.InUse,
                $"The database cluster in {folder.Path} is in use by process {folder.Holder}. " +
                "Stop that process, or choose another folder for this one.",
                e);
        }

        folder.KeepHolder(Environment.ProcessId);
        return taken;
    }

    public void Dispose() => _file.Dispose();
}
