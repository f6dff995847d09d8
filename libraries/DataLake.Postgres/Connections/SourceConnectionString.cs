using System.Data.Common;
using System.Net;
using DataLake.Postgres.Errors;
using Npgsql;

namespace DataLake.Postgres.Connections;

/// <summary>What a source's connection string says, and what DataLake adds to it.</summary>
internal static class SourceConnectionString
{
    /// <exception cref="SourceException">The connection string cannot be read. The message does not repeat it.</exception>
    internal static NpgsqlConnectionStringBuilder Parse(string connectionString, int maxConnections, string applicationName)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString)
            {
                ApplicationName = applicationName,
                MaxPoolSize = maxConnections + 1, // One more answers what time it is while runs use all of theirs.
                MinPoolSize = 0,
                CommandTimeout = 0,
                IncludeErrorDetail = false,
                PersistSecurityInfo = false,
                NoResetOnClose = false,
                Multiplexing = false, // COPY needs a connection of its own.
                ClientEncoding = "UTF8", // Text goes into the lake as it comes.
            };
            if (string.IsNullOrEmpty(settings.Host))
            {
                throw new ArgumentException("no Host is given");
            }

            // Npgsql's builder knows which keys there can be, not which are given.
            var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
            var saysHow = given.ContainsKey("SSL Mode") || given.ContainsKey("SslMode");
            if (!saysHow && !settings.Host.Split(',').All(IsThisMachine))
            {
                settings.SslMode = SslMode.VerifyFull;
            }

            return settings;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw Unreadable();
        }
    }

    /// <summary>The error of a string that cannot be used. Its cause may quote a part of the string, which can be the password: it is left out.</summary>
    internal static SourceException Unreadable() => new(SourceErrorKind.BadConnectionString,
        "The source's connection string cannot be read. Write it as 'Host=db.example.com;Port=5432;Database=operations;Username=datalake;Password=...' in the place the definition refers to.");

    private static bool IsThisMachine(string host)
    {
        host = host.Trim();
        if (host.StartsWith('/'))
        {
            return true; // The folder of a socket.
        }

        // An IPv6 address has colons of its own, and needs brackets where a port follows.
        if (IPAddress.TryParse(host, out var address))
        {
            return IPAddress.IsLoopback(address);
        }

        var name = host.Split(':')[0];
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(name, out address) && IPAddress.IsLoopback(address));
    }
}
