using System.Data.Common;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Wire;
using Npgsql;

namespace DataLake.Postgres.Connections;

/// <summary>What a source's connection string says, and what DataLake adds to it.</summary>
internal static class SourceConnectionString
{
    /// <exception cref="SourceException">The connection string cannot be read. The message does not repeat it.</exception>
    internal static WireSettings Read(string connectionString, string applicationName)
    {
        var settings = Parse(connectionString, applicationName);
        try
        {
            return WireSettings.Of(settings);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            throw Unreadable();
        }
    }

    /// <exception cref="SourceException">The connection string cannot be read. The message does not repeat it.</exception>
    internal static NpgsqlConnectionStringBuilder Parse(string connectionString, string applicationName)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = applicationName };
            if (string.IsNullOrEmpty(settings.Host))
            {
                throw new ArgumentException("no Host is given");
            }

            // Npgsql's builder knows which keys there can be, not which are given.
            var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
            var saysHow = given.ContainsKey("SSL Mode") || given.ContainsKey("SslMode");
            if (!saysHow && !ServerAddress.ParseList(settings.Host, settings.Port).All(server => server.IsThisMachine))
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
    private static SourceException Unreadable() => new(SourceErrorKind.BadConnectionString,
        "The source's connection string cannot be read. Write it as 'Host=db.example.com;Port=5432;Database=operations;Username=datalake;Password=...' in the place the definition refers to.");
}
