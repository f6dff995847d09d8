using Microsoft.Win32.SafeHandles;

namespace DataLake.Storage;

/// <summary>A file of the lake that is being written. It is removed on disposal unless it was published.</summary>
public sealed class StagedFile : IAsyncDisposable
{
    private readonly LakeDirectory lake;
    private readonly string target;
    private readonly string staging;
    private readonly FileStream file;
    private readonly SafeFileHandle handle;
    private bool published;

    internal StagedFile(LakeDirectory lake, string path, string target)
    {
        this.lake = lake;
        this.target = target;
        LakePath = path;
        staging = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Guid.NewGuid():n}.staged");
        // The writer above keeps its own buffers, so the stream keeps none.
        file = new FileStream(staging, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        handle = file.SafeFileHandle;
        Stream = new StorageStream(file, lake, path);
    }

    /// <summary>The path in the lake that the file will have.</summary>
    public string LakePath { get; }

    /// <summary>Where to write. Its errors are <see cref="StorageException"/>s.</summary>
    public Stream Stream { get; }

    /// <summary>Opens what has been written so far, for checking it before it is published. Its reads block: what was just written is in memory still.</summary>
    public Stream OpenWritten() => lake.Guard(LakePath, () =>
        new BlockingReadStream(new FileStream(staging, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0)));

    /// <summary>Puts on disk what has been written so far, from any thread, so that less is left to wait for when the file is published.</summary>
    /// <exception cref="StorageException">The disk refuses.</exception>
    public void Flush() => lake.Guard(LakePath, () =>
    {
        RandomAccess.FlushToDisk(handle);
        return true;
    });

    /// <summary>Puts the contents on disk and gives the file its name, in one step for every reader. Nothing can be written after it.</summary>
    /// <exception cref="StorageException">A file of that name exists already, or the disk refuses.</exception>
    public ValueTask PublishAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        FlushContents();
        GiveName();
        FlushName();
        return ValueTask.CompletedTask;
    }

    /// <summary>Publishes files that are of no use without each other: contents go to disk side by side and the names in one folder together, so that several take little longer than one.</summary>
    /// <param name="files">The files.</param>
    /// <param name="cancellation">Stops the call before anything is done.</param>
    /// <exception cref="StorageException">A file of one of the names exists already, or the disk refuses; some of the files may have their names then.</exception>
    public static async Task PublishTogetherAsync(IReadOnlyList<StagedFile> files, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(files);
        cancellation.ThrowIfCancellationRequested();
        if (files.Count == 0)
        {
            return;
        }

        // The disk's own cache is emptied once for those that ask at the same time.
        var others = files.Skip(1).Select(file => Task.Run(file.FlushContents, CancellationToken.None)).ToList();
        try
        {
            files[0].FlushContents();
        }
        finally
        {
            await Task.WhenAll(others);
        }

        foreach (var file in files)
        {
            file.GiveName();
        }

        foreach (var file in files.DistinctBy(file => Path.GetDirectoryName(file.target)))
        {
            file.FlushName();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="StorageException">The staged file cannot be removed.</exception>
    public async ValueTask DisposeAsync()
    {
        await file.DisposeAsync();
        if (published)
        {
            return;
        }

        lake.Guard(LakePath, () =>
        {
            if (File.Exists(staging))
            {
                File.Delete(staging);
            }

            return true;
        });
    }

    private void FlushContents() => lake.Guard(LakePath, () =>
    {
        file.Flush(flushToDisk: true);
        file.Dispose();
        return true;
    });

    private void GiveName() => lake.Guard(LakePath, () =>
    {
        try
        {
            PosixFile.MoveNew(staging, target);
        }
        catch (IOException error) when (File.Exists(target))
        {
            throw new StorageException(StorageErrorKind.Exists, $"The lake already has a file '{LakePath}'; files are never overwritten.", error);
        }

        return published = true;
    });

    private void FlushName() => lake.Guard(LakePath, () =>
    {
        lake.FlushName(target);
        return true;
    });
}
