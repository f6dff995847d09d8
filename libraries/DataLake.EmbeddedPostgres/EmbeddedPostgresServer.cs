using Npgsql;

namespace DataLake.EmbeddedPostgres;

/// <summary>
/// A PostgreSQL server of our own on a cluster of our own. It listens on 127.0.0.1 only, wants a password, and ends with this
/// process however this process ends. One host at a time runs the cluster of a folder. Keep the object while the server is needed.
/// </summary>
public sealed class EmbeddedPostgresServer : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly SupervisedServer _server;
    private readonly HostLock _lock;
    private readonly EmbeddedPostgresConnection _connection;
    private Task? _stopped;

    internal EmbeddedPostgresServer(SupervisedServer server, HostLock hostLock, EmbeddedPostgresConnection connection)
    {
        _server = server;
        _lock = hostLock;
        _connection = connection;
    }

    /// <summary>The folder that holds the cluster, which may not be the one that was asked for.</summary>
    public string Directory => _connection.Directory;

    /// <summary>The server's process id.</summary>
    public int ProcessId => _connection.ProcessId;

    /// <summary>The port it listens on at 127.0.0.1.</summary>
    public int Port => _connection.Port;

    /// <summary>Completes when the server has ended, by <see cref="StopAsync"/> or by itself.</summary>
    public Task Ended => _server.Ended;

    /// <summary>Starts the server, and creates its cluster first when the folder has none.</summary>
    /// <returns>A server that has answered a connection.</returns>
    /// <exception cref="EmbeddedPostgresException">It cannot run; the message says what to do.</exception>
    public static Task<EmbeddedPostgresServer> StartAsync(EmbeddedPostgresOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return OperatingSystem.IsWindows()
            ? throw new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.NotSupported,
                "The private PostgreSQL server runs on Linux and macOS. On Windows use servers that already run " +
                "(--source <connection string> and --ledger <connection string>), or work in WSL.")
            : ServerStart.RunAsync(options, cancellationToken);
    }

    /// <summary>Connects to the running server of a folder that another process hosts.</summary>
    /// <returns>Null when none runs there.</returns>
    /// <exception cref="EmbeddedPostgresException">One runs, but its password is not ours to read or not right.</exception>
    public static async Task<EmbeddedPostgresConnection?> TryAttachAsync(string directory, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        var folder = ClusterFolder.Existing(directory);
        try
        {
            if (PostmasterFile.Read(folder.Data) is not { IsReady: true } file || file.Judge(folder.Data) == ServerProcess.No)
            {
                return null;
            }

            var connection = new EmbeddedPostgresConnection(folder.Path, file.ProcessId, file.Port, folder.ReadPassword());
            return await connection.ProbeAsync(cancellationToken) switch
            {
                null => connection,
                PostgresException { SqlState: PostgresErrorCodes.InvalidPassword } e => throw ServerStart.WrongPassword(folder, e),
                _ => null,
            };
        }
        catch (UnauthorizedAccessException e)
        {
            throw new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.FolderNotUsable,
                $"The database cluster in {folder.Path} belongs to another account. Run as the account that hosts it.",
                e);
        }
    }

    /// <summary>A connection string, with the password in it: not for logs.</summary>
    public string ConnectionString(string database) => _connection.ConnectionString(database);

    /// <summary>Creates a database unless it is there.</summary>
    public Task EnsureDatabaseAsync(string name, CancellationToken cancellationToken = default) =>
        _connection.EnsureDatabaseAsync(name, cancellationToken);

    /// <summary>Ends all connections, shuts the server down and waits for its end, which is bounded. A second call does nothing more.</summary>
    public Task StopAsync()
    {
        lock (_gate)
        {
            return _stopped ??= StopOnceAsync();
        }
    }

    /// <summary>Stops the server.</summary>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StopOnceAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            await _server.StopAsync();
        }
        finally
        {
            _server.Dispose();
            _lock.Dispose();
        }
    }
}
