using DataLake.EmbeddedPostgres;

namespace DataLake.Benchmarks.Hosting;

/// <summary>
/// A benchmark's folder, with a private PostgreSQL server in it. At the end, however it comes about, the server is stopped and what was written is removed; a folder that was
/// named keeps its cluster, so that large tables need not be made again.
/// </summary>
internal sealed class Workplace : IAsyncDisposable
{
    private Workplace(string folder, bool isKept, EmbeddedPostgresServer server)
    {
        Folder = folder;
        IsKept = isKept;
        Server = server;
        ConnectionString = server.ConnectionString("benchmark");
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Whether the tables stay for the next time.</summary>
    public bool IsKept { get; }

    /// <summary>The private server.</summary>
    public EmbeddedPostgresServer Server { get; }

    /// <summary>The way to its database.</summary>
    public string ConnectionString { get; }

    /// <summary>Where contestants write; removed at the end.</summary>
    public string Output => Path.Combine(Folder, "output");

    /// <summary>Settings for a source whose own costs are to be small and even: it is thrown away, and need not survive a crash.</summary>
    public static IReadOnlyDictionary<string, string> FastSource { get; } = new Dictionary<string, string>
    {
        ["shared_buffers"] = "2GB", ["max_wal_size"] = "8GB", ["fsync"] = "off", ["autovacuum"] = "off",
    };

    /// <summary>Makes the folder, if need be, and starts its server.</summary>
    /// <param name="folder">The folder, or null for one that is removed at the end.</param>
    /// <param name="settings">The server's settings.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<Workplace> OpenAsync(string? folder, IReadOnlyDictionary<string, string> settings, CancellationToken cancellation)
    {
        var place = Path.GetFullPath(folder ?? Path.Combine(Path.GetTempPath(), $"datalake-benchmark-{Guid.NewGuid().ToString("n")[..8]}"));
        Directory.CreateDirectory(place);
        try
        {
            var server = await EmbeddedPostgresServer.StartAsync(
                new EmbeddedPostgresOptions { DataDirectory = Path.Combine(place, "postgres"), Settings = settings, Say = Console.Error.WriteLine }, cancellation);
            var workplace = new Workplace(place, folder is not null, server);
            try
            {
                workplace.RemoveOutput();
                await server.EnsureDatabaseAsync("benchmark", cancellation);
                return workplace;
            }
            catch
            {
                await workplace.DisposeAsync();
                throw;
            }
        }
        catch when (folder is null && Directory.Exists(place))
        {
            Directory.Delete(place, recursive: true);
            throw;
        }
    }

    /// <summary>Removes what contestants wrote.</summary>
    public void RemoveOutput() => Remove(Output);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        RemoveOutput();
        if (!IsKept)
        {
            // The cluster may lie elsewhere, where the server's account cannot reach the folder.
            Remove(Server.Directory);
            Remove(Folder);
        }
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
