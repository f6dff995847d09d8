using DataLake.EmbeddedPostgres;
using DataLake.Testing;

namespace DataLake.Postgres.Tests.EmbeddedPostgres;

/// <summary>A folder for one test's server, with what the server said.</summary>
internal sealed class ServerFolder : IDisposable
{
    private readonly TemporaryFolder _folder;

    internal ServerFolder()
    {
        TestPostgres.SkipWithoutPrograms();
        _folder = new TemporaryFolder();
    }

    internal string Path => _folder.Path;

    internal List<string> Said { get; } = [];

    internal string In(params string[] parts) => _folder.In(parts);

    internal EmbeddedPostgresOptions Options => new()
    {
        DataDirectory = Path,
        Settings = new Dictionary<string, string> { ["fsync"] = "off" },
        Say = Said.Add,
    };

    internal Task<EmbeddedPostgresServer> StartAsync(CancellationToken cancel = default) => EmbeddedPostgresServer.StartAsync(Options, cancel);

    internal async Task<EmbeddedPostgresException> FailToStartAsync(EmbeddedPostgresOptions? options = null)
    {
        try
        {
            await using var server = await EmbeddedPostgresServer.StartAsync(options ?? Options);
        }
        catch (EmbeddedPostgresException e)
        {
            return e;
        }

        throw new InvalidOperationException("The server started, and should not have.");
    }

    public void Dispose() => _folder.Dispose();
}
