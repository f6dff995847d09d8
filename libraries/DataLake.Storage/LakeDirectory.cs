namespace DataLake.Storage;

/// <summary>
/// A lake in a directory. A file appears under its name whole or not at all, is never overwritten, and is on disk
/// (data and name) when <see cref="StagedFile.PublishAsync"/> returns.
/// </summary>
public sealed class LakeDirectory
{
    private readonly DurableFolders durableFolders = new(PosixFile.FlushDirectory);

    /// <summary>A lake in the directory <paramref name="root"/>, which is made when the first file is written.</summary>
    public LakeDirectory(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        Root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
    }

    /// <summary>The directory's absolute path.</summary>
    public string Root { get; }

    /// <summary>Starts a file that becomes visible only when it is published.</summary>
    /// <exception cref="StorageException">The directory cannot be written.</exception>
    public StagedFile Create(string path)
    {
        var target = Resolve(path);
        return Guard(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            return new StagedFile(this, path, target);
        });
    }

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="StorageException">It is not there, or cannot be read.</exception>
    public FileStream OpenRead(string path) =>
        Guard(path, () => new FileStream(Resolve(path), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16));

    /// <summary>Whether a published file is there.</summary>
    public bool Exists(string path) => File.Exists(Resolve(path));

    /// <summary>The absolute path of a lake path, for programs that read the lake from outside.</summary>
    /// <exception cref="ArgumentException"><paramref name="path"/> leaves the lake.</exception>
    public string Resolve(string path)
    {
        var full = Path.GetFullPath(Path.Combine(Root, path));
        return full.StartsWith(Path.EndsInDirectorySeparator(Root) ? Root : Root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw new ArgumentException($"The path '{path}' leaves the lake.", nameof(path));
    }

    /// <summary>
    /// Removes the files of a folder, staged ones included, that <paramref name="keep"/> does not want; a missing folder is no error. Folders inside it, and
    /// whatever lies behind a symbolic link, are left alone.
    /// </summary>
    /// <returns>How many files were removed.</returns>
    public int Clean(string folder, Func<string, bool> keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        var full = Resolve(folder);
        if (!Directory.Exists(full))
        {
            return 0;
        }

        return Guard(folder, () =>
        {
            if (IsBehindLink(full))
            {
                return 0;
            }

            var removed = 0;
            foreach (var file in Directory.EnumerateFiles(full))
            {
                if (!keep(Path.GetFileName(file)))
                {
                    File.Delete(file);
                    removed++;
                }
            }

            return removed;
        });
    }

    /// <summary>Removes one file.</summary>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="StorageException">It cannot be removed.</exception>
    public bool Delete(string path)
    {
        var full = Resolve(path);
        return Guard(path, () =>
        {
            if (!File.Exists(full))
            {
                return false;
            }

            File.Delete(full);
            return true;
        });
    }

    /// <summary>The files below a folder, those of its folders included, staged ones too, in no order; none where the folder is missing. Symbolic links are not followed.</summary>
    /// <exception cref="StorageException">A folder cannot be read.</exception>
    public IEnumerable<LakeFile> List(string folder)
    {
        var full = Resolve(folder);
        if (!Directory.Exists(full) || IsBehindLink(full))
        {
            yield break;
        }

        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.ReparsePoint };
        using var files = Guard(folder, () => new DirectoryInfo(full).EnumerateFiles("*", options).GetEnumerator());
        while (Guard(folder, files.MoveNext))
        {
            var file = files.Current;
            yield return new LakeFile(Path.GetRelativePath(Root, file.FullName).Replace(Path.DirectorySeparatorChar, '/'), file.Length, file.LastWriteTimeUtc);
        }
    }

    /// <summary>Puts a new file's name on disk, and those of the folders above, which may be as new as the file.</summary>
    internal void FlushName(string file)
    {
        for (var (name, folder) = (file, Path.GetDirectoryName(file)); folder is not null && folder.Length >= Root.Length; (name, folder) = (folder, Path.GetDirectoryName(folder)))
        {
            durableFolders.Flush(name, folder, isNew: name == file);
        }
    }

    private bool IsBehindLink(string full)
    {
        for (var folder = new DirectoryInfo(full); folder is not null && folder.FullName.Length > Root.Length; folder = folder.Parent)
        {
            if (folder.LinkTarget is not null)
            {
                return true;
            }
        }

        return false;
    }

    internal T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (UnauthorizedAccessException error)
        {
            throw StorageException.Denied(error, path, Root);
        }
        catch (IOException error)
        {
            throw StorageException.From(error, path, Root);
        }
    }
}
