using System.Runtime.Versioning;
using System.Text;

namespace DataLake.EmbeddedPostgres;

/// <summary>The server's log file: kept small between starts, and read for the part a start wrote.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class ServerLog(string path)
{
    private const long LargeLog = 8 << 20;
    private const int TailLines = 20;
    private const int TailBytes = 16 << 10;

    private long _startOffset;

    /// <summary>Moves a large log aside (one older log is kept), and makes the file writable for the server's account.</summary>
    internal async Task PrepareAsync(ServerAccount account, CancellationToken cancel)
    {
        if (File.Exists(path) && new FileInfo(path).Length > LargeLog)
        {
            File.Move(path, path + ".1", overwrite: true);
        }

        if (!File.Exists(path))
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            await using (new FileStream(path, options))
            {
            }
        }

        await account.GiveAsync(path, cancel);
    }

    /// <summary>What follows belongs to a new start.</summary>
    internal void Mark() => _startOffset = new FileInfo(path).Length;

    /// <summary>The last lines since the mark.</summary>
    internal string Tail()
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Position = Math.Max(_startOffset, file.Length - TailBytes);
        using var reader = new StreamReader(file, Encoding.UTF8);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return string.Join('\n', lines.TakeLast(TailLines));
    }
}
