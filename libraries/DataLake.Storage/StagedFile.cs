namespace DataLake.Storage;

/// <summary>A file of the lake that is being written. It is removed on disposal unless it was published.</summary>
public sealed class StagedFile : IAsyncDisposable
{
    private readonly LakeDirectory lake;
    private readonly string target;
    private readonly string staging;
    private readonly FileStream file;
    private bool published;

    internal StagedFile(LakeDirectory lake, string path, string target)
    {
        this.lake = lake;
        this.target = target;
        LakePath = path;
        staging = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Guid.NewGuid():n}.staged");
        // The writer above keeps its own buffers, so the stream keeps none.
        file = new FileStream(staging, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        Stream = new StorageStream(file, lake, path);
    }

    /// <summary>The path in the lake that the file will have.</summary>
    public string LakePath { get; }

    /// <summary>Where to write. Its errors are <see cref="StorageException"/>s.</summary>
    public Stream Stream { get; }

    /// <summary>Opens what has been written so far, for checking it before it is published. Its reads block: what was just written is in memory still.</summary>
    public Stream OpenWritten() => lake.Guard(LakePath, () =>
        new BlockingReadStream(new FileStream(staging, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0)));

    /// <summary>Puts the contents on disk and gives the file its name, in one step for every reader. Nothing can be written after it.</summary>
    /// <exception cref="StorageException">A file of that name exists already, or the disk refuses.</exception>
    public ValueTask PublishAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lake.Guard(LakePath, () =>
        {
            file.Flush(flushToDisk: true);
            file.Dispose();
            try
            {
                PosixFile.MoveNew(staging, target);
            }
            catch (IOException error) when (File.Exists(target))
            {
                throw new StorageException(StorageErrorKind.Exists, $"The lake already has a file '{LakePath}'; files are never overwritten.", error);
            }

            published = true;

            lake.FlushName(target);
            return true;
        });
        return ValueTask.CompletedTask;
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
}
