using System.Security.Cryptography.X509Certificates;
using System.Text;
using DataLake.EmbeddedPostgres;
using DataLake.Testing;
using Npgsql;
using Xunit;

namespace DataLake.Postgres.Tests.Wire;

/// <summary>A server of its own with TLS, whose users log in each in another way.</summary>
public sealed class GuardedServer : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private EmbeddedPostgresServer? server;

    public int Port => server!.Port;

    public int ProcessId => server!.ProcessId;

    /// <summary>A file with the authority that signed the server's certificate, and one with another.</summary>
    public string Root => folder.In("root.crt");

    public string OtherRoot => folder.In("other.crt");

    public string ClientCertificate => folder.In("client.crt");

    public string ClientKey => folder.In("client.key");

    /// <summary>A connection string for a user; without TLS unless it is said.</summary>
    public string ConnectionString(string user, string? password, string more = "SSL Mode=Disable", string host = "127.0.0.1") =>
        new NpgsqlConnectionStringBuilder($"Host={host};Port={Port};Database=postgres;{more}") { Username = user, Password = password }.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        TestPostgres.SkipWithoutPrograms();
        server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions
        {
            DataDirectory = folder.In("cluster"),
            Settings = new Dictionary<string, string> { ["fsync"] = "off", ["shared_buffers"] = "16MB", ["max_connections"] = "40" },
        });
        var authority = TestAuthority.Shared;
        await File.WriteAllTextAsync(Root, authority.RootPem);
        await File.WriteAllTextAsync(OtherRoot, new TestAuthority().RootPem);
        await File.WriteAllTextAsync(ClientCertificate, authority.ClientCertificate.ExportCertificatePem());
        await File.WriteAllTextAsync(ClientKey, TestAuthority.KeyPem(authority.ClientCertificate));

        await using var source = NpgsqlDataSource.Create(server.ConnectionString("postgres"));
        await using (var users = source.CreateCommand(
            """
            CREATE ROLE scram_user LOGIN PASSWORD 'pencil';
            CREATE ROLE comma_user LOGIN PASSWORD 'a,b=c;n=,r=,p=''" ';
            CREATE ROLE umlaut_user LOGIN PASSWORD 'größer 漢字 😀 a b';
            CREATE ROLE clear_user LOGIN PASSWORD 'pencil';
            CREATE ROLE tls_user LOGIN PASSWORD 'pencil';
            CREATE ROLE trust_user LOGIN; CREATE ROLE cert_user LOGIN;
            SET password_encryption = 'md5'; CREATE ROLE md5_user LOGIN PASSWORD 'größer,=pencil';
            """))
        {
            await users.ExecuteNonQueryAsync();
        }

        // The files must belong to the server's account, so it writes them itself.
        await WriteAsync(source, "server.crt", authority.ServerCertificate.ExportCertificatePem());
        await WriteAsync(source, "server.key", TestAuthority.KeyPem(authority.ServerCertificate));
        await WriteAsync(source, "root.crt", authority.RootPem);
        await WriteAsync(source, "pg_hba.conf",
            """
            host    all md5_user    all md5
            host    all clear_user  all password
            host    all trust_user  all trust
            hostssl all tls_user    all scram-sha-256
            hostssl all cert_user   all cert
            hostnossl all tls_user,cert_user all reject
            host    all all         all scram-sha-256

            """);
        foreach (var setting in new[] { "ssl = on", "ssl_ca_file = 'root.crt'" })
        {
            await using var set = source.CreateCommand($"ALTER SYSTEM SET {setting}");
            await set.ExecuteNonQueryAsync();
        }

        await using (var reload = source.CreateCommand("SELECT pg_reload_conf()"))
        {
            await reload.ExecuteNonQueryAsync();
        }

        await Eventually.Async(async () =>
        {
            await using var asked = NpgsqlDataSource.Create(ConnectionString("trust_user", null, "SSL Mode=Require;Pooling=false"));
            try
            {
                await using var ssl = asked.CreateCommand("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
                return await ssl.ExecuteScalarAsync() is true;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
            if (Directory.Exists(server.Directory))
            {
                Directory.Delete(server.Directory, recursive: true);
            }
        }

        folder.Dispose();
    }

    private static async Task WriteAsync(NpgsqlDataSource source, string file, string text)
    {
        await using var write = source.CreateCommand($"COPY (SELECT '{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}') TO PROGRAM 'umask 077; base64 -d > {file}'");
        await write.ExecuteNonQueryAsync();
    }
}
