using System.Collections.Concurrent;

namespace DataLake.Storage;

/// <summary>
/// Puts names of files and folders on disk, and remembers folders whose names are there: the folders of a lake are few beside its files, and every synchronisation of one
/// costs a write. A folder that was removed and made again is another one, which its time of birth tells; where a file system keeps none, its name is put on disk once more
/// whenever it changed.
/// </summary>
/// <param name="flush">Puts the names in a folder on disk.</param>
internal sealed class DurableFolders(Action<string> flush)
{
    // Folders of runs are never asked for again once their files are there: then it is enough to begin anew.
    private const int MostRemembered = 4096;

    private readonly ConcurrentDictionary<string, DateTime> births = new(StringComparer.Ordinal);

    /// <summary>Puts a name on disk.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="parent">The folder that it is in.</param>
    /// <param name="isNew">Whether it cannot be there yet.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Flush(string path, string parent, bool isNew)
    {
        if (isNew)
        {
            flush(parent);
            return;
        }

        // Looked at before: where the folder is exchanged meanwhile, what is remembered is of the one that went.
        var birth = PosixFile.BornAt(path);
        if (births.TryGetValue(path, out var known) && known == birth)
        {
            return;
        }

        flush(parent);
        if (births.Count >= MostRemembered)
        {
            births.Clear();
        }

        births[path] = birth;
    }
}
