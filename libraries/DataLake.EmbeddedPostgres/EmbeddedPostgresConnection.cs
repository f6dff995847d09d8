using Npgsql;

namespace DataLake.EmbeddedPostgres;

/// <summary>The way into a running private server.</summary>
public sealed class EmbeddedPostgresConnection
{
    internal const string Superuser = "datalake";
    private const string Host = "127.0.0.1";

    private readonly string _password;

    internal EmbeddedPostgresConnection(string directory, int processId, int port, string password)
    {
        Directory = directory;
        ProcessId = processId;
        Port = port;
        _password = password;
    }

    /// <summary>The folder that holds the cluster, which may not be the one that was asked for.</summary>
    public string Directory { get; }

    /// <summary>The server's process id.</summary>
    public int ProcessId { get; }

    /// <summary>The port it listens on at 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>A connection string, with the password in it: not for logs.</summary>
    public string ConnectionString(string database)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(database);
        return Settings(database).ConnectionString;
    }

    /// <summary>Creates a database unless it is there.</summary>
    public async Task EnsureDatabaseAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        await using var connection = new NpgsqlConnection(Unpooled());
        await connection.OpenAsync(cancellationToken);

        await using var find = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection);
        find.Parameters.Add(new NpgsqlParameter { Value = name });
        if (await find.ExecuteScalarAsync(cancellationToken) is not null)
        {
            return;
        }

        try
        {
            // template0, because nobody can be connected to it: a connection to the template refuses the copy.
            var quoted = name.Replace("\"", "\"\"", StringComparison.Ordinal);
            await using var create = new NpgsqlCommand($"CREATE DATABASE \"{quoted}\" TEMPLATE template0", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Somebody else created it in the meantime.
        }
    }

    /// <summary>Connects once and asks something.</summary>
    /// <returns>Null when it answered; else why not.</returns>
    internal async Task<NpgsqlException?> ProbeAsync(CancellationToken cancel)
    {
        try
        {
            await using var connection = new NpgsqlConnection(Unpooled());
            await connection.OpenAsync(cancel);
            await using var command = new NpgsqlCommand("SELECT 1", connection);
            await command.ExecuteScalarAsync(cancel);
            return null;
        }
        catch (NpgsqlException e)
        {
            return e;
        }
    }

    // Asks for SCRAM, so that a stranger's server on this port cannot get the password by asking for it in clear.
    private string Unpooled()
    {
        var settings = Settings("postgres");
        settings.Pooling = false;
        settings.Timeout = 5;
        settings.RequireAuth = "ScramSHA256";
        return settings.ConnectionString;
    }

    private NpgsqlConnectionStringBuilder Settings(string database) => new()
    {
        Host = Host,
        Port = Port,
        Username = Superuser,
        Password = _password,
        Database = database,
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    };
}
